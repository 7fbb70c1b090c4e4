import { and, desc, eq, inArray, isNotNull, isNull, ne, type SQL, sql } from 'drizzle-orm'
import type { Core } from '../core.ts'
import type { AccountId, AttemptId, InboundCallId, RefundId, TransferId } from '../ids.ts'
import { type PaymentCase, type PaymentRow, pinnedConfig, selectCases } from '../payment/case.ts'
import { nextCheckAt } from '../payment/schedule.ts'
import { isOpen } from '../payment/state.ts'
import type { InboundCall } from '../plugin/api.ts'
import { pinnedConfigOfRefund, type RefundCase, selectRefundCases } from '../refund/case.ts'
import type { PinnedConfig } from '../routing/directory.ts'
import type { Statements } from '../store/guarded.ts'
import {
  attempts,
  channelAccounts,
  channelConfigs,
  inboundCalls,
  payments,
  refunds,
  transfers,
} from '../store/schema.ts'
import { insertWhere } from '../store/store.ts'
import { HOUR_MS } from '../time.ts'
import { pinnedConfigOfTransfer, selectTransferCases, type TransferCase } from '../transfer/case.ts'
import type { CallbackRoute } from './receive.ts'

/** What a callback's address names, as it stood when the call was stored. */
export type Known =
  | { readonly about: 'payment'; readonly kase: PaymentCase }
  | { readonly about: 'refund'; readonly kase: RefundCase }
  | { readonly about: 'transfer'; readonly kase: TransferCase }
  /** Of channels that have one address an account: settings in use, the newest first. */
  | { readonly about: 'account'; readonly configs: readonly PinnedConfig[] }

/** Stores the call if what its address names is known, and reads that; one round trip. */
export async function storeCall(
  core: Core,
  route: CallbackRoute,
  call: InboundCall,
  inboundCallId: InboundCallId,
): Promise<Known | undefined> {
  const db = core.store.write
  const { channel, reference } = route
  const storedIf = (table: SQL, condition: SQL | undefined) =>
    db.run(
      insertWhere(
        inboundCalls,
        rowOf(route, call, inboundCallId),
        sql`exists (select 1 from ${table} where ${condition})`,
      ),
    )
  switch (route.about) {
    case 'payment': {
      const here = and(
        eq(attempts.attemptId, reference as AttemptId),
        eq(attempts.channel, channel),
      )
      const [, [kase]] = await db.batch([storedIf(sql`${attempts}`, here), selectCases(here)])
      return kase && { about: 'payment', kase }
    }
    case 'refund': {
      const here = and(eq(refunds.refundId, reference as RefundId), eq(refunds.channel, channel))
      const [, [kase]] = await db.batch([storedIf(sql`${refunds}`, here), selectRefundCases(here)])
      return kase && { about: 'refund', kase }
    }
    case 'transfer': {
      const here = and(
        eq(transfers.transferId, reference as TransferId),
        eq(transfers.channel, channel),
      )
      const [, [kase]] = await db.batch([
        storedIf(sql`${transfers}`, here),
        selectTransferCases(here),
      ])
      return kase && { about: 'transfer', kase }
    }
    case 'account': {
      const here = and(
        eq(channelAccounts.accountId, reference as AccountId),
        eq(channelAccounts.channel, channel),
      )
      const [, configs] = await db.batch([
        storedIf(sql`${channelAccounts}`, here),
        selectConfigs(core, here),
      ])
      return configs.length === 0 ? undefined : { about: 'account', configs }
    }
  }
}

function selectConfigs({ store }: Core, condition: SQL | undefined) {
  return store.write
    .select({
      channel: channelAccounts.channel,
      accountId: channelConfigs.accountId,
      configVersion: channelConfigs.version,
      settingsSealed: channelConfigs.settingsSealed,
    })
    .from(channelAccounts)
    .innerJoin(channelConfigs, eq(channelConfigs.accountId, channelAccounts.accountId))
    .where(and(condition, isNull(channelConfigs.drainedAtMs)))
    .orderBy(desc(channelConfigs.version))
}

/** Under which settings a call was made, if the channel's key is still the same. */
export function configsOf(known: Known): readonly PinnedConfig[] {
  switch (known.about) {
    case 'payment':
      return [pinnedConfig(known.kase)]
    case 'refund':
      return [pinnedConfigOfRefund(known.kase)]
    case 'transfer':
      return [pinnedConfigOfTransfer(known.kase)]
    case 'account':
      return known.configs
  }
}

/**
 * The account's other settings in use, the newest first. A channel whose key was changed signs with
 * the new one whatever it calls about, payments that were sent under the old one too.
 */
export async function otherConfigsOf(core: Core, known: Known): Promise<readonly PinnedConfig[]> {
  if (known.about === 'account') return []
  const [pinned] = configsOf(known)
  if (pinned === undefined) return []
  const [configs] = await core.store.read.batch([
    selectConfigs(
      core,
      and(
        eq(channelConfigs.accountId, pinned.accountId),
        ne(channelConfigs.version, pinned.configVersion),
      ),
    ),
  ])
  return configs
}

/** Has the channel asked soon about what a call that was not believed is about. */
export function askSoon({ store }: Core, known: Known, atMs: number): Statements {
  const db = store.write
  switch (known.about) {
    case 'payment':
      return [askSoonAboutPayment(db, known.kase.payment, atMs)]
    case 'refund':
      return [
        db
          .update(refunds)
          .set({ nextCheckAtMs: sql`min(${refunds.nextCheckAtMs}, ${atMs})` })
          .where(
            and(eq(refunds.refundId, known.kase.refund.refundId), isNotNull(refunds.nextCheckAtMs)),
          ),
      ]
    case 'transfer':
      return [
        db
          .update(transfers)
          .set({ nextCheckAtMs: sql`min(${transfers.nextCheckAtMs}, ${atMs})` })
          .where(
            and(
              eq(transfers.transferId, known.kase.transfer.transferId),
              isNotNull(transfers.nextCheckAtMs),
            ),
          ),
      ]
    case 'account':
      return []
  }
}

/** For so long a channel repeats a callback: WeChat Pay for a day, Alipay for an hour more. */
const REPEATS_FOR_MS = 25 * HOUR_MS

/**
 * One that is open is asked about sooner than it would have been. One that has ended without money is
 * asked about once for it: perhaps the call told of late money. Not when that lies longer back than a
 * channel calls, and never more often than if it were still open, however many calls there are.
 */
function askSoonAboutPayment(db: Core['store']['write'], payment: PaymentRow, atMs: number) {
  const { paymentId, state, createdAtMs, closedAtMs, lastCheckAtMs } = payment
  const isThis = eq(payments.paymentId, paymentId)
  const sooner = db.update(payments)
  if (isOpen(state)) {
    return sooner
      .set({ nextCheckAtMs: sql`min(${payments.nextCheckAtMs}, ${atMs})` })
      .where(and(isThis, isNotNull(payments.nextCheckAtMs)))
  }
  const endedAtMs = closedAtMs ?? createdAtMs
  const isAskedAgainAtMs = lastCheckAtMs === null ? atMs : nextCheckAt(endedAtMs, lastCheckAtMs)
  return sooner.set({ nextCheckAtMs: Math.max(atMs, isAskedAgainAtMs) }).where(
    and(
      isThis,
      inArray(payments.state, ['closed', 'failed']),
      isNull(payments.nextCheckAtMs),
      // Nobody has asked since it was read.
      sql`${payments.lastCheckAtMs} is ${lastCheckAtMs}`,
      sql`${atMs} <= ${endedAtMs + REPEATS_FOR_MS}`,
    ),
  )
}

function rowOf(
  route: CallbackRoute,
  call: InboundCall,
  inboundCallId: InboundCallId,
): typeof inboundCalls.$inferInsert {
  return {
    inboundCallId,
    channel: route.channel,
    reference: route.reference,
    method: call.method,
    url: call.url,
    headers: JSON.stringify(call.headers),
    body: call.body,
    receivedAtMs: call.receivedAtMs,
  }
}
