import { and, eq } from 'drizzle-orm'
import type { PinnedConfig } from '../routing/directory.ts'
import { selectOnce } from '../store/built-once.ts'
import { channelConfigs, transfers } from '../store/schema.ts'
import type { TransferRow } from './apply.ts'

/** A transfer with the settings that it pinned. */
export interface TransferCase {
  readonly transfer: TransferRow
  readonly settingsSealed: string
}

export const selectTransferCases = selectOnce((db) =>
  db
    .select({ transfer: transfers, settingsSealed: channelConfigs.settingsSealed })
    .from(transfers)
    .innerJoin(
      channelConfigs,
      and(
        eq(channelConfigs.accountId, transfers.accountId),
        eq(channelConfigs.version, transfers.configVersion),
      ),
    ),
)

export function pinnedConfigOfTransfer({ transfer, settingsSealed }: TransferCase): PinnedConfig {
  const { channel, accountId, configVersion } = transfer
  return { channel, accountId, configVersion, settingsSealed }
}

/** Sent, and its runner may still be waiting for the answer. */
export function isTransferOnItsWay(transfer: TransferRow, nowMs: number): boolean {
  const { dispatchLeaseUntilMs } = transfer
  return dispatchLeaseUntilMs !== null && dispatchLeaseUntilMs > nowMs
}
