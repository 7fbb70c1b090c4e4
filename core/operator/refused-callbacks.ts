import { desc, eq, sql } from 'drizzle-orm'
import type { Core } from '../core.ts'
import { attempts, channelAccounts, inboundCalls, refunds, transfers } from '../store/schema.ts'
import type { PageAsked, WorkItem, WorkPage } from './work-list.ts'

/** Calls that one page looks at. Anybody may send us calls: they must not hide one account's behind another's. */
const CALLS = 500
const SHOWN = 5

/**
 * Accounts whose callbacks do not verify, by the latest calls that were refused: a key is missing or
 * wrong, or somebody knows an address of ours. A page is so many calls, whatever accounts they name.
 */
export async function refusedCallbacks(core: Core, { after }: PageAsked): Promise<WorkPage> {
  const { read } = core.store
  const { receivedAtMs, inboundCallId, reference, channel } = inboundCalls
  const [beforeMs, beforeId] = after?.split('~') ?? []
  const before =
    beforeMs === undefined
      ? sql`1 = 1`
      : sql`(${receivedAtMs}, ${inboundCallId}) < (${Number(beforeMs)}, ${beforeId ?? ''})`
  const [calls] = await read.batch([
    read
      .select({
        inboundCallId,
        channel,
        atMs: receivedAtMs,
        accountId: sql<
          string | null
        >`coalesce(${attempts.accountId}, ${refunds.accountId}, ${transfers.accountId}, ${channelAccounts.accountId})`,
      })
      .from(inboundCalls)
      .leftJoin(attempts, eq(attempts.attemptId, sql`${reference}`))
      .leftJoin(refunds, eq(refunds.refundId, sql`${reference}`))
      .leftJoin(transfers, eq(transfers.transferId, sql`${reference}`))
      .leftJoin(channelAccounts, eq(channelAccounts.accountId, sql`${reference}`))
      .where(sql`${inboundCalls.verdict} = 'unverifiable' and ${before}`)
      .orderBy(desc(receivedAtMs), desc(inboundCallId))
      .limit(CALLS),
  ])
  const byAccount = Map.groupBy(calls, ({ accountId, channel }) => accountId ?? channel)
  const items = [...byAccount].map(([id, of]): WorkItem => {
    const latest = of[0]
    return {
      kind: 'callbacks',
      id,
      sinceMs: of.at(-1)?.atMs ?? 0,
      appId: null,
      what: 'its callbacks do not verify: a key of the channel is missing or wrong, or they are forged',
      facts: { channel: latest?.channel ?? null, calls: of.length, lastAtMs: latest?.atMs ?? null },
      evidence: of.slice(0, SHOWN).map(({ inboundCallId, atMs }) => ({
        kind: 'callback',
        inboundCallId,
        verdict: 'unverifiable',
        atMs,
      })),
      can: ['put_settings'],
    }
  })
  const last = calls.at(-1)
  const isFull = calls.length === CALLS && last !== undefined
  return { items, next: isFull ? `${last.atMs}~${last.inboundCallId}` : undefined }
}
