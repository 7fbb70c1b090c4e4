import { and, eq, inArray, isNull, lte, or, sql } from 'drizzle-orm'
import * as z from 'zod'
import type { Core } from '../core.ts'
import { waitForOther } from '../idempotency/standing.ts'
import { type EventId, newEventId } from '../ids.ts'
import { feeOf } from '../money.ts'
import { ok, type Result, refuse } from '../result.ts'
import { type AppEntry, bindChannel, type Passage } from '../routing/directory.ts'
import { attempts, events, payments } from '../store/schema.ts'
import { eventWritten, insertWhere, previousChangedOne } from '../store/store.ts'
import { type AttemptRow, type PaymentRow, pinnedConfig, selectCases } from './case.ts'
import type { PaymentAnswer, PaymentRefusal, PaymentRequest } from './create.ts'
import { answerOf, sendPayment } from './send.ts'
import { DISPATCH_LEASE_MS, paymentKey, type Standing, selectStanding } from './start.ts'
import { isOpen } from './state.ts'

/**
 * Answers a request whose number is known: another request is refused, the same one gets the same
 * answer. While the first copy still waits for the channel, this one waits for the first copy.
 *
 * An order whose first answer was lost (a crash, a timeout) is sent again under the same number,
 * as far as the way allows that, so that it can still be paid.
 */
export async function answerRepeat(
  core: Core,
  app: AppEntry,
  request: PaymentRequest,
  passage: Passage,
  first: Standing,
): Promise<Result<PaymentAnswer, PaymentRefusal>> {
  if (first.fingerprint !== request.fingerprint) return refuse({ code: 'number_taken' })
  if (first.answer !== null) return ok(keptAnswer(first.answer))

  const { attempt } = first
  if (isOnItsWay(core, attempt)) {
    const seen = await waitForOther(core, attempt.dispatchLeaseUntilMs ?? 0, async () => {
      const [found] = await core.store.read.batch([selectStanding(paymentKey(app, request))])
      const standing = found[0]
      return standing === undefined || isOnItsWay(core, standing.attempt) ? undefined : standing
    })
    if (seen !== undefined) return whatTheOtherGot(seen)
  }
  return sendAgain(core, request, passage, first)
}

/** Sent, and its runner may still be waiting for the answer. */
export function isOnItsWay({ ports }: Core, attempt: AttemptRow): boolean {
  const { dispatchLeaseUntilMs } = attempt
  return dispatchLeaseUntilMs !== null && dispatchLeaseUntilMs > ports.clock.now()
}

/** The copy that did the work failed to get an answer: so did this one. */
function whatTheOtherGot(seen: Standing): Result<PaymentAnswer, PaymentRefusal> {
  if (seen.answer !== null) return ok(keptAnswer(seen.answer))
  if (seen.attempt.outcome === 'not_sent') {
    return refuse({ code: 'not_sent', reason: seen.attempt.errorMessage ?? '' })
  }
  return ok(answerOf(seen.payment, null))
}

async function sendAgain(
  core: Core,
  request: PaymentRequest,
  passage: Passage,
  { payment, attempt }: Standing,
): Promise<Result<PaymentAnswer, PaymentRefusal>> {
  const way = core.channels.get(attempt.channel)?.manifest.ways[attempt.way]
  const neverLeft = attempt.outcome === 'not_sent'
  const expired = payment.expiresAtMs <= core.ports.clock.now()
  if (!isOpen(payment.state) || expired || !(neverLeft || way?.repeatable)) {
    return ok(answerOf(payment, null))
  }
  const [kase] = await stampAgain(core, payment, attempt, neverLeft ? passage : undefined)
  // Somebody else was faster: a copy of this request, a callback, or a close.
  if (kase === undefined) return ok(answerOf(payment, null))
  const channel = await bindChannel(core, pinnedConfig(kase))
  return sendPayment(core, kase, request, channel, neverLeft)
}

/**
 * Stamps an attempt for another sending under its number. Raises the payment's version, so that a
 * close which was decided before this stamp loses.
 *
 * @param passage where to send what never left: its settings may have been mended since
 */
async function stampAgain(
  core: Core,
  payment: PaymentRow,
  attempt: AttemptRow,
  passage: Passage | undefined,
) {
  const { ports, store } = core
  const db = store.write
  const nowMs = ports.clock.now()
  const eventId = newEventId(ports)
  const { attemptId } = attempt
  const { paymentId } = payment
  const results = await db.batch([
    db
      .update(payments)
      .set({
        version: sql`${payments.version} + 1`,
        ...(passage && {
          channel: passage.channel,
          feePartsPerMillion: passage.feePartsPerMillion,
          feeMinor: feeOf(payment.amountMinor, passage.feePartsPerMillion),
        }),
      })
      .where(
        and(
          eq(payments.paymentId, paymentId),
          inArray(payments.state, ['created', 'pending']),
          sql`exists (select 1 from ${attempts} where ${and(
            eq(attempts.attemptId, attemptId),
            eq(attempts.sends, attempt.sends),
            or(isNull(attempts.dispatchLeaseUntilMs), lte(attempts.dispatchLeaseUntilMs, nowMs)),
          )})`,
        ),
      ),
    db.run(sentAgainEvent(eventId, paymentId, nowMs)),
    db
      .update(attempts)
      .set({
        dispatchedAtMs: nowMs,
        sends: attempt.sends + 1,
        dispatchLeaseUntilMs: nowMs + DISPATCH_LEASE_MS,
        outcome: null,
        ...(passage && {
          channel: passage.channel,
          accountId: passage.accountId,
          configVersion: passage.configVersion,
          payee: passage.payee,
        }),
      })
      .where(and(eq(attempts.attemptId, attemptId), eventWritten(eventId))),
    selectCases(and(eq(payments.paymentId, paymentId), eventWritten(eventId))),
  ])
  return results[3]
}

function sentAgainEvent(eventId: EventId, paymentId: PaymentRow['paymentId'], nowMs: number) {
  return sql`${insertWhere(
    events,
    {
      eventId,
      subjectKind: 'payment',
      subjectId: paymentId,
      version: sql`${payments.version}`,
      kind: 'payment.sent_again',
      source: 'request',
      evidence: '{}',
      atMs: nowMs,
    },
    sql`${previousChangedOne} and ${payments.paymentId} = ${paymentId}`,
    sql`${payments}`,
  )}`
}

const keptAnswerSchema = z.object({
  paymentId: z.custom<PaymentAnswer['paymentId']>((id) => typeof id === 'string'),
  state: z.enum(['created', 'pending', 'succeeded', 'failed', 'closed']),
  presentation: z
    .object({
      kind: z.enum([
        'qr_text',
        'redirect_url',
        'html_form',
        'wechat_client',
        'alipay_client',
        'unionpay_client',
        'nothing',
      ]),
      data: z.string(),
    })
    .nullable(),
  error: z.object({ code: z.string(), message: z.string() }).nullable(),
})

function keptAnswer(kept: string): PaymentAnswer {
  return keptAnswerSchema.parse(JSON.parse(kept))
}
