import { and, eq } from 'drizzle-orm'
import type { PinnedConfig } from '../routing/directory.ts'
import { selectOnce } from '../store/built-once.ts'
import { apps, attempts, channelConfigs, payments } from '../store/schema.ts'
import type { LatePolicy } from './state.ts'

export type PaymentRow = typeof payments.$inferSelect
export type AttemptRow = typeof attempts.$inferSelect

/** A payment with all that a decision about it needs. */
export interface PaymentCase {
  readonly payment: PaymentRow
  readonly attempt: AttemptRow
  /** Of the config version that the attempt pinned. */
  readonly settingsSealed: string
  readonly latePolicy: LatePolicy
  readonly notifiesEveryEnd: boolean
}

/** Reads cases in one statement, so that it can stand in any batch. */
export const selectCases = selectOnce((db) =>
  db
    .select({
      payment: payments,
      attempt: attempts,
      settingsSealed: channelConfigs.settingsSealed,
      latePolicy: apps.latePolicy,
      notifiesEveryEnd: apps.notifiesEveryEnd,
    })
    .from(payments)
    .innerJoin(
      attempts,
      and(
        eq(attempts.attemptId, payments.attemptId),
        // Says nothing new, but finds the payment by its key where the attempt is what is known.
        eq(attempts.paymentId, payments.paymentId),
      ),
    )
    .innerJoin(
      channelConfigs,
      and(
        eq(channelConfigs.accountId, attempts.accountId),
        eq(channelConfigs.version, attempts.configVersion),
      ),
    )
    .innerJoin(apps, eq(apps.appId, payments.appId)),
)

export function pinnedConfig({ attempt, settingsSealed }: PaymentCase): PinnedConfig {
  const { channel, accountId, configVersion } = attempt
  return { channel, accountId, configVersion, settingsSealed }
}

/** What a channel operation for an attempt is about. */
export function callOf({ accountId, paymentId, attemptId }: AttemptRow) {
  return { accountId, paymentId, attemptId }
}
