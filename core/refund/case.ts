import { and, eq } from 'drizzle-orm'
import type { PinnedConfig } from '../routing/directory.ts'
import { selectOnce } from '../store/built-once.ts'
import { channelConfigs, refunds } from '../store/schema.ts'

export type RefundRow = typeof refunds.$inferSelect

/** A refund with the settings that it pinned. */
export interface RefundCase {
  readonly refund: RefundRow
  readonly settingsSealed: string
}

export const selectRefundCases = selectOnce((db) =>
  db
    .select({ refund: refunds, settingsSealed: channelConfigs.settingsSealed })
    .from(refunds)
    .innerJoin(
      channelConfigs,
      and(
        eq(channelConfigs.accountId, refunds.accountId),
        eq(channelConfigs.version, refunds.configVersion),
      ),
    ),
)

export function pinnedConfigOfRefund({ refund, settingsSealed }: RefundCase): PinnedConfig {
  const { channel, accountId, configVersion } = refund
  return { channel, accountId, configVersion, settingsSealed }
}

/** What a channel operation for a refund is about. */
export function callOf({ accountId, paymentId, attemptId, refundId }: RefundRow) {
  return { accountId, paymentId, attemptId, refundId }
}
