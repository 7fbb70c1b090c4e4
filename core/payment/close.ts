import { and, eq } from 'drizzle-orm'
import type { Core } from '../core.ts'
import type { BoundChannel, Closed, CloseOutcome } from '../plugin/api.ts'
import { type Ran, runOperation, type TranscriptLine } from '../plugin/host.ts'
import { ok, type Result, refuse } from '../result.ts'
import { bindChannel } from '../routing/directory.ts'
import { type FactSource, payments } from '../store/schema.ts'
import { HOUR_MS } from '../time.ts'
import { type Also, applyConclusion, applyFact } from './apply.ts'
import { askChannel } from './ask.ts'
import { type AttemptRow, callOf, type PaymentCase, type PaymentRow, pinnedConfig } from './case.ts'
import { isOnItsWay } from './repeat.ts'
import { isOpen } from './state.ts'

export type CloseRefusal =
  | { readonly code: 'not_open'; readonly payment: PaymentRow }
  | { readonly code: 'frozen' }
  /** The call that makes it has not come back: it can't be closed yet. */
  | { readonly code: 'on_its_way' }
  /** The channel does not know it yet, and the payer holds something to pay it with. */
  | { readonly code: 'payer_may_pay' }
  | { readonly code: 'channel_cannot_close' }
  | { readonly code: 'channel_refused'; readonly message: string }
  /** Whether it was closed is not known; the sweep finds out. */
  | { readonly code: 'unknown' }

/**
 * Closes a payment, so that it can no longer be paid. Done only with the channel's word: a payment
 * that the channel will not close stays as it is.
 */
export async function closePayment(
  core: Core,
  kase: PaymentCase,
  source: FactSource,
): Promise<Result<PaymentRow, CloseRefusal>> {
  const { attempt, payment } = kase
  if (!isOpen(payment.state)) return refuse({ code: 'not_open', payment })
  if (payment.frozenBecause !== null) return refuse({ code: 'frozen' })
  if (isOnItsWay(core, attempt)) return refuse({ code: 'on_its_way' })
  // Provably nothing at the channel to close.
  if (attempt.outcome === 'not_sent') return settleUnsent(core, kase, source)

  const channel = await bindChannel(core, pinnedConfig(kase))
  const ran = await runClose(core, channel, attempt)
  if (ran === undefined) return refuse({ code: 'channel_cannot_close' })
  return afterClose(core, kase, source, channel, ran.outcome, ran.transcript)
}

/** @returns nothing where the channel cannot close */
async function runClose(
  core: Core,
  channel: BoundChannel,
  attempt: AttemptRow,
): Promise<Ran<CloseOutcome> | undefined> {
  const { close } = channel
  if (close === undefined) return undefined
  return runOperation(core, channel, { operation: 'close', ...callOf(attempt) }, (ports) =>
    close(ports, { attemptId: attempt.attemptId, way: attempt.way }),
  )
}

async function afterClose(
  core: Core,
  kase: PaymentCase,
  source: FactSource,
  channel: BoundChannel,
  outcome: CloseOutcome,
  transcript: readonly TranscriptLine[],
): Promise<Result<PaymentRow, CloseRefusal>> {
  switch (outcome.kind) {
    case 'closed':
      return settle(core, kase, source, outcome, transcript)
    case 'already_paid': {
      const asked = await askChannel(core, kase, source)
      return refuse({ code: 'not_open', payment: asked.payment })
    }
    case 'not_found':
      if (neverCreated(core, kase, channel)) return settleUnknown(core, kase, source, transcript)
      return refuse({ code: payerHolds(kase) ? 'payer_may_pay' : 'on_its_way' })
    case 'refused':
      return refuse({ code: 'channel_refused', message: outcome.error.message })
    case 'not_sent':
      return refuse({ code: 'channel_refused', message: outcome.reason })
    case 'unknown':
      return refuse({ code: 'unknown' })
  }
}

/**
 * The channel does not know the payment, and nothing can make it known any more: it has had the time
 * that it needs, and where the payer was given something to pay with, that has run out first. Some
 * channels hear of a payment only when the payer opens it.
 */
export function neverCreated(
  { ports }: Core,
  kase: PaymentCase,
  { manifest }: BoundChannel,
): boolean {
  const { notFoundIsFinalAfterMs } = manifest.capabilities.query
  const { dispatchedAtMs } = kase.attempt
  const lastMs = payerHolds(kase)
    ? Math.max(dispatchedAtMs, kase.payment.expiresAtMs)
    : dispatchedAtMs
  return ports.clock.now() >= lastMs + notFoundIsFinalAfterMs
}

function payerHolds({ attempt }: PaymentCase): boolean {
  return attempt.outcome === 'requires_action'
}

/** For channels that cannot close: they don't know it, so there is nothing that could be paid. */
export function settleNeverCreated(core: Core, kase: PaymentCase) {
  return settleUnknown(core, kase, 'sweep', [])
}

/**
 * Longer than runners' clocks are apart, with all that a call or a payer's code may take: what a
 * channel does not know by then, it never will.
 */
const LOOKS_AGAIN_AFTER_MS = HOUR_MS

/**
 * The channel does not know it. That this is final is judged by a clock of ours, which may be ahead of
 * the one that it was sent by; so it is looked at once more when no clock can be that wrong.
 */
function settleUnknown(
  core: Core,
  kase: PaymentCase,
  source: FactSource,
  transcript: readonly TranscriptLine[],
): Promise<Result<PaymentRow, CloseRefusal>> {
  const { paymentId } = kase.payment
  const nextCheckAtMs = core.ports.clock.now() + LOOKS_AGAIN_AFTER_MS
  return settleUnsent(core, kase, source, transcript, (_, won) => [
    core.store.write
      .update(payments)
      .set({ nextCheckAtMs })
      .where(and(eq(payments.paymentId, paymentId), won)),
  ])
}

/** There is nothing at the channel, unless a copy of the order is sending it now: that one wins. */
async function settleUnsent(
  core: Core,
  kase: PaymentCase,
  source: FactSource,
  transcript: readonly TranscriptLine[] = [],
  also?: Also,
): Promise<Result<PaymentRow, CloseRefusal>> {
  const { attemptId } = kase.attempt
  const fact = { about: 'payment', attemptId, kind: 'closed' } as const
  const payment = await applyConclusion(core, kase, { fact, source, transcript }, also)
  if (payment === undefined) return refuse({ code: 'on_its_way' })
  return payment.state === 'closed' ? ok(payment) : refuse({ code: 'not_open', payment })
}

/** Of a payment that is closed here, and turns up at its channel all the same. */
export async function closeThere(core: Core, kase: PaymentCase): Promise<void> {
  await runClose(core, await bindChannel(core, pinnedConfig(kase)), kase.attempt)
}

async function settle(
  core: Core,
  kase: PaymentCase,
  source: FactSource,
  closed: Closed,
  transcript: readonly TranscriptLine[],
): Promise<Result<PaymentRow, CloseRefusal>> {
  const { attemptId } = kase.attempt
  const fact = { about: 'payment', attemptId, ...closed } as const
  const payment = await applyFact(core, kase, { fact, source, transcript })
  return payment.state === 'closed' ? ok(payment) : refuse({ code: 'not_open', payment })
}
