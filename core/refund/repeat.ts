import * as z from 'zod'
import type { Core } from '../core.ts'
import { type RequestKey, waitForOther } from '../idempotency/standing.ts'
import type { RefundId } from '../ids.ts'
import { ok, type Result, refuse } from '../result.ts'
import type { RefundRow } from './case.ts'
import {
  type RefundAnswer,
  type RefundRefusal,
  type RefundRequest,
  type RefundStandingRow,
  selectRefundStanding,
} from './create.ts'
import { answerOfRefund } from './send.ts'

/**
 * Answers a refund request whose number is known: another request is refused, the same one gets the
 * same answer. It is never sent again from here; a refund whose answer was lost is the sweep's.
 */
export async function answerRepeatedRefund(
  core: Core,
  request: RefundRequest,
  key: RequestKey,
  first: RefundStandingRow,
): Promise<Result<RefundAnswer, RefundRefusal>> {
  if (first.fingerprint !== request.fingerprint) return refuse({ code: 'number_taken' })
  if (first.answer !== null) return ok(keptAnswer(first.answer))
  if (!isRefundOnItsWay(core, first.refund)) return ok(answerOfRefund(first.refund))

  const seen = await waitForOther(core, first.refund.dispatchLeaseUntilMs ?? 0, async () => {
    const [found] = await core.store.read.batch([selectRefundStanding(key)])
    const standing = found[0]
    return standing === undefined || isRefundOnItsWay(core, standing.refund) ? undefined : standing
  })
  if (seen === undefined) return ok(answerOfRefund(first.refund))
  return ok(seen.answer === null ? answerOfRefund(seen.refund) : keptAnswer(seen.answer))
}

/** Sent, and its runner may still be waiting for the answer. */
export function isRefundOnItsWay({ ports }: Core, refund: RefundRow): boolean {
  const { dispatchLeaseUntilMs } = refund
  return dispatchLeaseUntilMs !== null && dispatchLeaseUntilMs > ports.clock.now()
}

const keptAnswerSchema = z.object({
  refundId: z.custom<RefundId>((id) => typeof id === 'string'),
  state: z.enum(['created', 'pending', 'succeeded', 'failed']),
  paymentAmountMinor: z.number(),
  amountMinor: z.number(),
  channelRefundNo: z.string().nullable(),
  error: z.object({ code: z.string(), message: z.string() }).nullable(),
})

function keptAnswer(kept: string): RefundAnswer {
  return keptAnswerSchema.parse(JSON.parse(kept))
}
