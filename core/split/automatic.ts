import { and, eq } from 'drizzle-orm'
import type { Core } from '../core.ts'
import type { PaymentCase } from '../payment/case.ts'
import { payments, splitGroups, splitReceivers } from '../store/schema.ts'
import { MINUTE_MS, SECOND_MS } from '../time.ts'
import { createSplit } from './create.ts'

/** JeePay's delay between the success of a payment and its automatic division. @see reference §11 */
export const AUTOMATIC_AFTER_MS = 80 * SECOND_MS

const TRY_AGAIN_AFTER_MS = 10 * MINUTE_MS

/**
 * Splits a payment by itself, with the receivers of its merchant's automatic group at its account.
 * Without receivers there is nothing to share, and what the channel froze is released.
 */
export async function splitAutomatically(core: Core, kase: PaymentCase): Promise<void> {
  const { payment, attempt } = kase
  const [receivers] = await core.store.read.batch([
    core.store.read
      .select({ receiver: splitReceivers })
      .from(splitReceivers)
      .innerJoin(splitGroups, eq(splitGroups.groupId, splitReceivers.groupId))
      .where(
        and(
          eq(splitReceivers.appId, payment.appId),
          eq(splitReceivers.channel, attempt.channel),
          eq(splitReceivers.accountId, attempt.accountId),
          eq(splitReceivers.state, 'bound'),
          eq(splitGroups.isAutomatic, true),
        ),
      ),
  ])
  const split = await createSplit(core, kase, {
    sharers: receivers.map(({ receiver }) => ({
      receiver,
      sharePartsPerMillion: receiver.sharePartsPerMillion,
    })),
    notifyUrl: kase.notifiesEveryEnd ? (payment.notifyUrl ?? undefined) : undefined,
    fingerprint: 'automatic',
    source: 'sweep',
  })
  if (split.ok) return
  const { code } = split.refusal
  const comesAgain = code === 'too_early'
  core.ports.log.write(comesAgain ? 'info' : 'error', 'a payment was not split by itself', {
    paymentId: payment.paymentId,
    code,
  })
  await putOff(core, kase, comesAgain)
}

async function putOff({ ports, store }: Core, kase: PaymentCase, comesAgain: boolean) {
  const nextSplitAtMs = comesAgain ? ports.clock.now() + TRY_AGAIN_AFTER_MS : null
  await store.write.batch([
    store.write
      .update(payments)
      .set({ nextSplitAtMs })
      .where(eq(payments.paymentId, kase.payment.paymentId)),
  ])
}
