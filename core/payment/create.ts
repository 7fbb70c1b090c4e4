import type { Core } from '../core.ts'
import type { PaymentId } from '../ids.ts'
import type { Money } from '../money.ts'
import type { Presentation, PresentationKind } from '../plugin/api.ts'
import type { Result } from '../result.ts'
import { ok, refuse } from '../result.ts'
import { type AppEntry, bindChannel, isOutOfDate, type Passage } from '../routing/directory.ts'
import { answerRepeat } from './repeat.ts'
import { sendPayment } from './send.ts'
import { startPayment } from './start.ts'
import type { PaymentState, SplitMode } from './state.ts'

/** What a merchant asks for, parsed. */
export interface PaymentRequest {
  readonly merchantPaymentNo: string
  readonly way: string
  readonly amount: Money
  readonly currencyAsGiven: string
  readonly subject: string
  readonly body: string
  readonly clientIp: string
  readonly notifyUrl: string | undefined
  readonly returnUrl: string | undefined
  readonly extParam: string | undefined
  readonly expiresInMs: number
  readonly splitMode: SplitMode
  /** The presentation that the merchant asked for. */
  readonly wants: PresentationKind | undefined
  /** The way's own input, by the names that the way's schema has. */
  readonly extra: Readonly<Record<string, unknown>>
  /** Over all of the request that makes it this one and not another. */
  readonly fingerprint: string
}

/** What the merchant is answered, now and each time the same request comes again. */
export interface PaymentAnswer {
  readonly paymentId: PaymentId
  readonly state: PaymentState
  readonly presentation: Presentation | null
  readonly error: { readonly code: string; readonly message: string } | null
}

export type PaymentRefusal =
  /** What we knew of the app is out of date; look it up anew and try again. */
  | { readonly code: 'stale_app' }
  | { readonly code: 'way_not_offered' }
  | { readonly code: 'channel_missing'; readonly channel: string }
  | { readonly code: 'currency_not_taken'; readonly currency: string }
  | { readonly code: 'extra_missing'; readonly field: string }
  | { readonly code: 'extra_wrong'; readonly field: string }
  | { readonly code: 'number_taken' }
  /** Provably nothing reached the channel; the same request may come again. */
  | { readonly code: 'not_sent'; readonly reason: string }

/**
 * Takes a payment: one row and one channel call for a merchant's number, whatever the number of
 * copies of the request. Another request under the same number is refused and has no effect.
 *
 * Two round trips to the database and the channel's own, or one for ways that are signed here.
 */
export async function createPayment(
  core: Core,
  app: AppEntry,
  request: PaymentRequest,
): Promise<Result<PaymentAnswer, PaymentRefusal>> {
  const routed = routeFor(core, app, request)
  if (!routed.ok) {
    // The passage may have been opened since the app was remembered.
    return (await isOutOfDate(core, app)) ? refuse({ code: 'stale_app' }) : routed
  }
  const passage = routed.value
  const channel = await bindChannel(core, passage)

  const started = await startPayment(core, app, request, passage, channel)
  switch (started.kind) {
    case 'stale_app':
      return refuse({ code: 'stale_app' })
    case 'signed_here':
      return ok(started.answer)
    case 'not_sent':
      return refuse({ code: 'not_sent', reason: started.reason })
    case 'started':
      return sendPayment(core, started.kase, request, channel, true)
    case 'known':
      return answerRepeat(core, app, request, passage, started.standing)
  }
}

/** Picks the account, and checks the request against what its channel takes. */
function routeFor(
  core: Core,
  app: AppEntry,
  request: PaymentRequest,
): Result<Passage, PaymentRefusal> {
  const passage = app.passages.get(request.way)
  if (passage === undefined) return refuse({ code: 'way_not_offered' })
  const manifest = core.channels.get(passage.channel)?.manifest
  const way = manifest?.ways[request.way]
  if (manifest === undefined || way === undefined) {
    return refuse({ code: 'channel_missing', channel: passage.channel })
  }
  const { currency } = request.amount
  if (!manifest.currencies.includes(currency)) {
    return refuse({ code: 'currency_not_taken', currency })
  }
  const extra = way.input.safeParse(request.extra)
  if (extra.success) return ok(passage)
  const field = String(extra.error.issues[0]?.path[0] ?? '')
  const given = request.extra[field]
  return refuse({
    code: given === undefined || given === '' ? 'extra_missing' : 'extra_wrong',
    field,
  })
}
