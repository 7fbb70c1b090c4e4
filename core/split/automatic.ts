import { and, eq } from 'drizzle-orm'
import type { Core } from '../core.ts'
import type { PaymentCase } from '../payment/case.ts'
import { payments } from '../store/schema.ts'
import { HOUR_MS, MINUTE_MS, SECOND_MS } from '../time.ts'
import { asSharers, createSplit, type SplitRefusal } from './create.ts'
import { automaticReceivers } from './receivers.ts'

/** JeePay's delay between the success of a payment and its automatic division. @see reference §11 */
export const AUTOMATIC_AFTER_MS = 80 * SECOND_MS

const TRY_EARLY_AGAIN_AFTER_MS = 10 * MINUTE_MS
const TRY_AGAIN_AFTER_MS = HOUR_MS

/**
 * Splits a payment by itself, with the receivers of its merchant's automatic group at its account.
 * Without receivers there is nothing to share, and what the channel froze is released.
 */
export async function splitAutomatically(core: Core, kase: PaymentCase): Promise<void> {
  const { payment, attempt } = kase
  const receivers = await automaticReceivers(core, payment, attempt.accountId)
  const request = {
    sharers: asSharers(receivers),
    notifyUrl: kase.notifiesEveryEnd ? (payment.notifyUrl ?? undefined) : undefined,
    fingerprint: 'automatic',
    source: 'sweep',
  } as const
  let split = await createSplit(core, kase, request)
  if (!split.ok && split.refusal.code === 'nothing_to_share') {
    // Each share is below half a fen, or all was refunded: what is frozen goes to the merchant.
    split = await createSplit(core, kase, { ...request, sharers: [] })
  }
  if (!split.ok) await putOff(core, kase, split.refusal)
}

/**
 * When a refusal is looked at again: what an operator can mend, until it is mended. A payment that
 * has nothing to be shared any more is not looked at again.
 */
async function putOff({ ports, store }: Core, { payment }: PaymentCase, refusal: SplitRefusal) {
  const { paymentId } = payment
  const comesAgain = refusal.code !== 'not_splittable' || payment.frozenBecause !== null
  const waitMs = refusal.code === 'too_early' ? TRY_EARLY_AGAIN_AFTER_MS : TRY_AGAIN_AFTER_MS
  const level = refusal.code === 'too_early' ? 'info' : 'error'
  const { code } = refusal
  ports.log.write(level, 'a payment was not split by itself', { paymentId, code })
  await store.write.batch([
    store.write
      .update(payments)
      .set({ nextSplitAtMs: comesAgain ? ports.clock.now() + waitMs : null })
      // Whoever has split it meanwhile has nothing to wait for.
      .where(and(eq(payments.paymentId, paymentId), eq(payments.splitState, 'queued'))),
  ])
}
