import { and, eq, isNotNull, type SQL, sql } from 'drizzle-orm'
import type { SQLiteColumn, SQLiteTable } from 'drizzle-orm/sqlite-core'
import type { Core } from '../core.ts'
import { builtOnce } from '../store/built-once.ts'
import {
  attempts,
  channelAccounts,
  channelConfigs,
  payments,
  refunds,
  splitReturns,
  splits,
  transfers,
} from '../store/schema.ts'
import type { PinnedConfig } from './directory.ts'

/**
 * Marks settings as drained that were superseded and that nothing open needs any more: callbacks to
 * the account's own address are no longer tried under them, and an operator may revoke their keys.
 * They stay, and what was sent under them is still verified, queried and refunded under them.
 *
 * Cheap: superseded settings are found by an index of those that are not drained. Only where there are
 * such is everything open gone through, once, by the indexes of what is due.
 *
 * @returns makes the statement, of now and of how many are marked at most
 */
export const drainsConfigs = builtOnce(['nowMs', 'limit'], (db, { nowMs, limit }) =>
  db.run(sql`
    update ${channelConfigs} set drained_at_ms = ${nowMs}
    where (account_id, version) in (
      select config.account_id, config.version
      from ${channelConfigs} config
      inner join ${channelAccounts} account on account.account_id = config.account_id
      where config.drained_at_ms is null and config.version < account.current_version
        and (config.account_id, config.version) not in (${openConfigs()})
      limit ${limit})`),
)

/** Account and version of everything that waits for something; all of it is due at some time. */
function openConfigs(): SQL {
  const pinnedBy = (table: SQLiteTable) =>
    sql`select account_id, config_version from ${table} where next_check_at_ms >= 0`
  const pinnedByAttempt = (due: SQLiteColumn) => sql`
    select ${attempts.accountId}, ${attempts.configVersion} from ${payments}
    inner join ${attempts} on ${eq(attempts.attemptId, payments.attemptId)}
    where ${due} >= 0`
  return sql.join(
    [
      pinnedByAttempt(payments.nextCheckAtMs),
      pinnedByAttempt(payments.nextSplitAtMs),
      ...[refunds, transfers, splits, splitReturns].map(pinnedBy),
    ],
    sql` union all `,
  )
}

/**
 * Belongs into the batch of whatever begins under settings that a payment pinned long ago: a refund,
 * a split, a return of a share.
 */
export function needsConfigAgain(
  { store }: Core,
  { accountId, configVersion }: Pick<PinnedConfig, 'accountId' | 'configVersion'>,
) {
  return store.write
    .update(channelConfigs)
    .set({ drainedAtMs: null })
    .where(
      and(
        eq(channelConfigs.accountId, accountId),
        eq(channelConfigs.version, configVersion),
        isNotNull(channelConfigs.drainedAtMs),
      ),
    )
}
