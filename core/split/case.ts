import { and, asc, eq, inArray, isNull, type SQL, sql } from 'drizzle-orm'
import type { Core } from '../core.ts'
import type { PaymentId } from '../ids.ts'
import type { PinnedConfig } from '../routing/directory.ts'
import { selectOnce } from '../store/built-once.ts'
import { channelConfigs, payments, splitReturns, splitShares, splits } from '../store/schema.ts'

export type SplitRow = typeof splits.$inferSelect
export type ShareRow = typeof splitShares.$inferSelect
export type SplitReturnRow = typeof splitReturns.$inferSelect

/** A split with its shares and the settings that it pinned. */
export interface SplitCase {
  readonly split: SplitRow
  readonly shares: readonly ShareRow[]
  readonly settingsSealed: string
}

/** Reads splits with all their shares, in one round trip. */
export async function loadSplits(
  { store }: Core,
  condition: SQL | undefined,
): Promise<readonly SplitCase[]> {
  const db = store.read
  const wanted = db.select({ splitId: splits.splitId }).from(splits).where(condition)
  const [found, shares] = await db.batch([
    selectSplits(condition),
    db
      .select()
      .from(splitShares)
      .where(inArray(splitShares.splitId, wanted))
      .orderBy(asc(splitShares.number)),
  ])
  return found.map(({ split, settingsSealed }) => ({
    split,
    settingsSealed,
    shares: shares.filter(({ splitId }) => splitId === split.splitId),
  }))
}

const selectSplits = selectOnce((db) =>
  db
    .select({ split: splits, settingsSealed: channelConfigs.settingsSealed })
    .from(splits)
    .innerJoin(
      channelConfigs,
      and(
        eq(channelConfigs.accountId, splits.accountId),
        eq(channelConfigs.version, splits.configVersion),
      ),
    ),
)

export interface SplitReturnCase {
  readonly splitReturn: SplitReturnRow
  readonly settingsSealed: string
}

export const selectSplitReturnCases = selectOnce((db) =>
  db
    .select({ splitReturn: splitReturns, settingsSealed: channelConfigs.settingsSealed })
    .from(splitReturns)
    .innerJoin(
      channelConfigs,
      and(
        eq(channelConfigs.accountId, splitReturns.accountId),
        eq(channelConfigs.version, splitReturns.configVersion),
      ),
    ),
)

export function pinnedBy(
  row: Pick<SplitRow, 'channel' | 'accountId' | 'configVersion'>,
  settingsSealed: string,
): PinnedConfig {
  const { channel, accountId, configVersion } = row
  return { channel, accountId, configVersion, settingsSealed }
}

/** Sent, and its runner may still be waiting for the answer. */
export function isLeased(row: Pick<SplitRow, 'dispatchLeaseUntilMs'>, nowMs: number): boolean {
  return row.dispatchLeaseUntilMs !== null && row.dispatchLeaseUntilMs > nowMs
}

/** Facts that do not fit stop all further movement of a payment's money. */
export function isPaymentFree(paymentId: PaymentId): SQL {
  return sql`exists (select 1 from ${payments} where ${and(
    eq(payments.paymentId, paymentId),
    isNull(payments.frozenBecause),
  )})`
}
