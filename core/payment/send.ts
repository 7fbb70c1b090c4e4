import { and, eq, inArray, isNull, or } from 'drizzle-orm'
import type { Core } from '../core.ts'
import { keepAnswer, type RequestKey } from '../idempotency/standing.ts'
import { money } from '../money.ts'
import type {
  BoundChannel,
  PayInput,
  PaymentFact,
  PayOutcome,
  Presentation,
} from '../plugin/api.ts'
import { type Ran, runOperation } from '../plugin/host.ts'
import { isWithheld } from '../refund/plan.ts'
import { ok, type Result, refuse } from '../result.ts'
import { attempts } from '../store/schema.ts'
import { applyFact } from './apply.ts'
import { type AttemptRow, callOf, type PaymentCase, type PaymentRow } from './case.ts'
import type { PaymentAnswer, PaymentRefusal, PaymentRequest } from './create.ts'

/**
 * Sends a stamped attempt to its channel and stores what came back: second round trip.
 *
 * The stamp is in the database. From here on every end is either in the channel's answer or found
 * out by query; nothing that goes wrong may look as if the payment had failed.
 *
 * @param neverLeft no earlier sending of this attempt can have reached the channel
 */
export async function sendPayment(
  core: Core,
  kase: PaymentCase,
  request: PaymentRequest,
  channel: BoundChannel,
  neverLeft: boolean,
): Promise<Result<PaymentAnswer, PaymentRefusal>> {
  const { attempt, payment } = kase
  const input = payInput(core, kase, request)
  const { outcome, transcript } = await runOperation(
    core,
    channel,
    { operation: 'pay', ...callOf(attempt), hides: payerOf(request) },
    (ports) => channel.pay(ports, input),
  )
  // That this sending did not leave says nothing about an earlier one.
  const ran = { outcome: neverLeft ? outcome : unknownIfNotSent(outcome), transcript }
  const key = keyOf(payment)
  const stored = await storeOutcome(core, kase, ran, key)
  if (ran.outcome.kind === 'not_sent') {
    return refuse({ code: 'not_sent', reason: ran.outcome.reason })
  }
  return ok(stored ?? unstoredAnswer(payment, ran.outcome))
}

function unknownIfNotSent(outcome: PayOutcome): PayOutcome {
  return outcome.kind === 'not_sent' ? { kind: 'unknown', evidence: outcome.reason } : outcome
}

export function keyOf({ merchantNo, merchantPaymentNo }: PaymentRow): RequestKey {
  return { merchantNo, scope: 'payment', key: merchantPaymentNo }
}

export function payInput(
  { settings }: Core,
  { payment, attempt }: Pick<PaymentCase, 'payment' | 'attempt'>,
  request: PaymentRequest,
): PayInput {
  const { attemptId, channel, way } = attempt
  return {
    attemptId,
    way,
    // From the row, not from the request: sent again, it must be the same to the last byte.
    amount: money(payment.amountMinor, payment.currency),
    subject: payment.subject,
    body: payment.body,
    clientIp: payment.clientIp,
    expiresAtMs: payment.expiresAtMs,
    splitting: payment.splitMode !== 'none',
    ...(request.wants !== undefined && { wants: request.wants }),
    extra: request.extra,
    callbackUrl: `${settings.publicUrl}/api/pay/notify/${channel}/${attemptId}`,
    returnUrl: `${settings.publicUrl}/api/pay/return/${channel}/${attemptId}`,
  }
}

const STORE_TRIES = 3

/**
 * Stores the outcome, tries again when the database is away for a moment, and gives up without a
 * fuss: the stamp is there, so the sweep asks the channel.
 */
async function storeOutcome(
  core: Core,
  kase: PaymentCase,
  ran: Ran<PayOutcome>,
  key: RequestKey,
): Promise<PaymentAnswer | undefined> {
  const { clock, log } = core.ports
  for (let tries = 1; ; tries++) {
    try {
      return await writeOutcome(core, kase, ran, key)
    } catch (error) {
      const reason = error instanceof Error ? error.message : 'unknown'
      const { paymentId } = kase.payment
      log.write('error', 'what the channel answered was not stored', { paymentId, tries, reason })
      if (tries === STORE_TRIES) return undefined
      await clock.sleep(100 * tries)
    }
  }
}

async function writeOutcome(
  core: Core,
  kase: PaymentCase,
  { outcome, transcript }: Ran<PayOutcome>,
  key: RequestKey,
): Promise<PaymentAnswer | undefined> {
  const answered = updateAnswered(core, kase.attempt, outcome)
  const fact = factOf(kase.attempt, outcome)
  if (fact === undefined) {
    await core.store.write.batch([answered])
    return undefined
  }
  const presentation = outcome.kind === 'requires_action' ? outcome.presentation : null
  const told = { fact, source: 'answer', transcript } as const
  const payment = await applyFact(core, kase, told, (next, won) => {
    // An unknown end is not kept: the same request may yet get something to pay with.
    if (outcome.kind === 'unknown') return [answered]
    return [answered, keepAnswer(core.store, key, answerOf(next, presentation), won)]
  })
  return answerOf(payment, presentation)
}

/**
 * A late answer of an earlier sending must not hide what a later one brought; and that it brought
 * nothing says nothing at all of a later one.
 */
function updateAnswered({ store, ports }: Core, attempt: AttemptRow, outcome: PayOutcome) {
  const broughtNothing = outcome.kind === 'not_sent' || outcome.kind === 'unknown'
  return store.write
    .update(attempts)
    .set(answeredColumns(outcome, ports.clock.now()))
    .where(
      and(
        eq(attempts.attemptId, attempt.attemptId),
        broughtNothing ? eq(attempts.sends, attempt.sends) : undefined,
        or(isNull(attempts.outcome), inArray(attempts.outcome, ['unknown', 'not_sent'])),
      ),
    )
}

export function answeredColumns(outcome: PayOutcome, nowMs: number) {
  const presentation = outcome.kind === 'requires_action' ? outcome.presentation : undefined
  const error = outcome.kind === 'failed' ? outcome.error : undefined
  return {
    outcome: outcome.kind,
    presentationKind: presentation?.kind ?? null,
    presentationData: presentation?.data ?? null,
    errorCode: error?.code ?? null,
    errorMessage: outcome.kind === 'not_sent' ? outcome.reason : (error?.message ?? null),
    dispatchLeaseUntilMs: null,
    answeredAtMs: nowMs,
  }
}

function factOf({ attemptId }: AttemptRow, outcome: PayOutcome): PaymentFact | undefined {
  const about = { about: 'payment', attemptId } as const
  switch (outcome.kind) {
    case 'succeeded':
      return { ...about, ...outcome }
    case 'failed':
      return { ...about, kind: 'failed', error: outcome.error }
    // Unknown is not failed: the payment waits, and the sweep asks.
    case 'requires_action':
    case 'pending':
    case 'unknown':
      return { ...about, kind: 'pending' }
    case 'not_sent':
      return undefined
  }
}

export function answerOf(payment: PaymentRow, presentation: Presentation | null): PaymentAnswer {
  const { paymentId, errorCode, errorMessage } = payment
  // As queries show it: late money that is held or on its way back is no success.
  const state = isWithheld(payment) ? 'closed' : payment.state
  return {
    paymentId,
    state,
    presentation,
    error: state === 'failed' ? { code: errorCode ?? '', message: errorMessage ?? '' } : null,
  }
}

/** The payer may pay with what the channel gave us, but nothing is claimed that is not stored. */
function unstoredAnswer(payment: PaymentRow, outcome: PayOutcome): PaymentAnswer {
  const presentation = outcome.kind === 'requires_action' ? outcome.presentation : null
  return { paymentId: payment.paymentId, state: 'pending', presentation, error: null }
}

/** What a merchant tells a way of who pays: an openid, the code on their screen. */
export function payerOf({ extra }: PaymentRequest): readonly string[] {
  // Shorter ones are choices of a way and no secrets.
  return Object.values(extra).filter(
    (value) => typeof value === 'string' && value.length >= 12,
  ) as string[]
}
