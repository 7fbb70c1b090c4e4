import { asc, isNotNull, type SQL, sql } from 'drizzle-orm'
import type { SQLiteColumn } from 'drizzle-orm/sqlite-core'
import type { Core } from '../core.ts'
import { endpoints, outbox, payments, refunds, transfers } from '../store/schema.ts'
import type { Milliseconds } from '../time.ts'
import { type Evidence, evidenceOf, triesOf } from './evidence.ts'
import { refusedCallbacks } from './refused-callbacks.ts'
import { unreadableTexts } from './unreadable.ts'

/** What an operator can do about an item. */
export type WorkAction =
  | 'release_accept'
  | 'release_keep'
  | 'late_accept'
  | 'late_refund'
  | 'look_at'
  | 'replay'
  | 'reopen'
  | 'put_settings'
  | 'rotate_secret'

/** One thing that goes on only when an operator has looked. */
export interface WorkItem {
  readonly kind: WorkKind
  /** What the actions are told: a payment's, refund's, transfer's, notification's, account's id. */
  readonly id: string
  readonly sinceMs: Milliseconds
  readonly appId: string | null
  /** In words: what is wrong. */
  readonly what: string
  readonly facts: Readonly<Record<string, string | number | null>>
  readonly evidence: readonly Evidence[]
  readonly can: readonly WorkAction[]
}

export interface WorkPage {
  readonly items: readonly WorkItem[]
  /** Where the next page begins; none when this was the last. */
  readonly next: string | undefined
}

export interface PageAsked {
  readonly limit: number
  /** `next` of the page before. */
  readonly after: string | undefined
}

type Lister = (core: Core, asked: PageAsked) => Promise<WorkPage>

/** Every kind of work, and how a page of it is read: the oldest first, by an index of its own. */
const LISTS = {
  frozen: frozenPayments,
  held: heldMoney,
  refund: refundsInNeed,
  transfer: transfersInNeed,
  notification: exhaustedNotifications,
  endpoint_gone: goneEndpoints,
  endpoint_open: openEndpoints,
  callbacks: refusedCallbacks,
  unreadable: unreadableTexts,
} as const satisfies Readonly<Record<string, Lister>>

export type WorkKind = keyof typeof LISTS
export const WORK_KINDS = Object.keys(LISTS) as readonly WorkKind[]

/** A page of the work of one kind. One bounded query, and one for the evidence of what it found. */
export function listWork(core: Core, kind: WorkKind, asked: PageAsked): Promise<WorkPage> {
  return LISTS[kind](core, asked)
}

async function frozenPayments(core: Core, asked: PageAsked): Promise<WorkPage> {
  return paymentPage(core, asked, isNotNull(payments.frozenBecause), (payment) => ({
    kind: 'frozen',
    what: `money does not move: ${payment.frozenBecause}`,
    can: ['release_accept', 'release_keep'],
  }))
}

async function heldMoney(core: Core, asked: PageAsked): Promise<WorkPage> {
  // Written out, for a partial index is found by its very words.
  return paymentPage(core, asked, sql`${payments.lateDecision} = 'held'`, (payment) => ({
    kind: 'held',
    what: 'money came after the close, and waits for a decision',
    can: payment.frozenBecause === null ? ['late_accept', 'late_refund'] : [],
  }))
}

async function paymentPage(
  core: Core,
  asked: PageAsked,
  condition: SQL,
  describe: (payment: typeof payments.$inferSelect) => Pick<WorkItem, 'kind' | 'what' | 'can'>,
): Promise<WorkPage> {
  const { read } = core.store
  const { createdAtMs, paymentId } = payments
  const [rows] = await read.batch([
    read
      .select()
      .from(payments)
      .where(sql`${condition} and ${isAfter(createdAtMs, paymentId, asked)}`)
      .orderBy(asc(createdAtMs), asc(paymentId))
      .limit(asked.limit),
  ])
  const evidence = await whenAny(rows, () =>
    evidenceOf(
      core,
      rows.map((row) => ({ id: row.paymentId, reference: row.attemptId })),
    ),
  )
  const items = rows.map((row): WorkItem => {
    const { state, amountMinor, currency, channel, merchantNo, merchantPaymentNo } = row
    const { channelPaymentNo, paidAtMs, closedAtMs, refundReservedMinor, errorMessage } = row
    return {
      ...describe(row),
      id: row.paymentId,
      sinceMs: row.createdAtMs,
      appId: row.appId,
      facts: {
        merchantNo,
        merchantPaymentNo,
        channel,
        state,
        amountMinor,
        currency,
        refundReservedMinor,
        channelPaymentNo,
        paidAtMs,
        closedAtMs,
        errorMessage,
      },
      evidence: evidence.get(row.paymentId) ?? [],
    }
  })
  return pageOf(items, asked)
}

async function refundsInNeed(core: Core, asked: PageAsked): Promise<WorkPage> {
  const { read } = core.store
  const { createdAtMs, refundId, needsOperator } = refunds
  const [rows] = await read.batch([
    read
      .select()
      .from(refunds)
      .where(sql`${needsOperator} = 1 and ${isAfter(createdAtMs, refundId, asked)}`)
      .orderBy(asc(createdAtMs), asc(refundId))
      .limit(asked.limit),
  ])
  const evidence = await whenAny(rows, () =>
    evidenceOf(
      core,
      rows.map((row) => ({ id: row.refundId, reference: row.refundId })),
    ),
  )
  const items = rows.map((row): WorkItem => {
    const { merchantNo, merchantRefundNo, paymentId, channel, state, amountMinor, currency } = row
    const { channelRefundNo, errorCode, errorMessage } = row
    return {
      kind: 'refund',
      id: row.refundId,
      sinceMs: row.createdAtMs,
      appId: row.appId,
      what: 'the channel waits for somebody, or refunded something else than was asked for',
      facts: {
        merchantNo,
        merchantRefundNo,
        paymentId,
        channel,
        state,
        amountMinor,
        currency,
        channelRefundNo,
        errorCode,
        errorMessage,
      },
      evidence: evidence.get(row.refundId) ?? [],
      can: ['look_at'],
    }
  })
  return pageOf(items, asked)
}

async function transfersInNeed(core: Core, asked: PageAsked): Promise<WorkPage> {
  const { read } = core.store
  const { createdAtMs, transferId, needsOperator } = transfers
  const [rows] = await read.batch([
    read
      .select()
      .from(transfers)
      .where(sql`${needsOperator} = 1 and ${isAfter(createdAtMs, transferId, asked)}`)
      .orderBy(asc(createdAtMs), asc(transferId))
      .limit(asked.limit),
  ])
  const evidence = await whenAny(rows, () =>
    evidenceOf(
      core,
      rows.map((row) => ({ id: row.transferId, reference: row.transferId })),
    ),
  )
  const items = rows.map((row): WorkItem => {
    const { merchantNo, merchantTransferNo, channel, entry, state, amountMinor, currency } = row
    const { channelTransferNo, errorCode, errorMessage } = row
    return {
      kind: 'transfer',
      id: row.transferId,
      sinceMs: row.createdAtMs,
      appId: row.appId,
      what: 'the channel waits for somebody, or transferred something else than was asked for',
      // Not to whom: the payee's account is nobody's business here.
      facts: {
        merchantNo,
        merchantTransferNo,
        channel,
        entry,
        state,
        amountMinor,
        currency,
        channelTransferNo,
        errorCode,
        errorMessage,
      },
      evidence: evidence.get(row.transferId) ?? [],
      can: ['look_at'],
    }
  })
  return pageOf(items, asked)
}

async function exhaustedNotifications(core: Core, asked: PageAsked): Promise<WorkPage> {
  const { read } = core.store
  const { createdAtMs, notificationId, state } = outbox
  const [rows] = await read.batch([
    read
      .select()
      .from(outbox)
      .where(sql`${state} = 'exhausted' and ${isAfter(createdAtMs, notificationId, asked)}`)
      .orderBy(asc(createdAtMs), asc(notificationId))
      .limit(asked.limit),
  ])
  const tries = await whenAny(rows, () =>
    triesOf(
      core,
      rows.map((row) => row.notificationId),
    ),
  )
  const items = rows.map((row): WorkItem => {
    const { merchantNo, subjectId, kind, tries: made } = row
    return {
      kind: 'notification',
      id: row.notificationId,
      sinceMs: row.createdAtMs,
      appId: row.appId,
      what: 'the merchant was never told: every try failed',
      facts: { merchantNo, told: kind, subjectId, origin: originOf(row.url), tries: made },
      evidence: tries.get(row.notificationId) ?? [],
      can: ['replay'],
    }
  })
  return pageOf(items, asked)
}

/** Merchants put tokens into their queries. */
function originOf(url: string): string {
  return URL.parse(url)?.origin ?? 'unreadable'
}

function goneEndpoints(core: Core, asked: PageAsked): Promise<WorkPage> {
  return endpointPage(core, asked, 'endpoint_gone', endpoints.goneAtMs)
}

function openEndpoints(core: Core, asked: PageAsked): Promise<WorkPage> {
  return endpointPage(core, asked, 'endpoint_open', endpoints.openUntilMs)
}

const ENDPOINTS_SAY = {
  endpoint_gone: 'it answered 410: it is told nothing more until it is opened again',
  endpoint_open: 'it fails again and again, and is tried less often',
} as const

async function endpointPage(
  core: Core,
  asked: PageAsked,
  kind: keyof typeof ENDPOINTS_SAY,
  since: typeof endpoints.goneAtMs | typeof endpoints.openUntilMs,
): Promise<WorkPage> {
  const { read } = core.store
  const key = sql`${endpoints.appId} || ' ' || ${endpoints.origin}`
  const [rows] = await read.batch([
    read
      .select()
      .from(endpoints)
      .where(sql`${since} is not null and ${isAfter(since, key, asked)}`)
      .orderBy(asc(since), asc(key))
      .limit(asked.limit),
  ])
  const items = rows.map((row): WorkItem => {
    const { appId, origin, failures, firstFailedAtMs, lastFailedAtMs, openUntilMs, goneAtMs } = row
    return {
      kind,
      id: `${appId} ${origin}`,
      sinceMs: (kind === 'endpoint_gone' ? goneAtMs : openUntilMs) ?? 0,
      appId,
      what: ENDPOINTS_SAY[kind],
      facts: { origin, failures, firstFailedAtMs, lastFailedAtMs, openUntilMs, goneAtMs },
      evidence: [],
      can: ['reopen'],
    }
  })
  return pageOf(items, asked)
}

/** Behind the cursor, in the order of a time and, within one, of an id. */
function isAfter(time: SQLiteColumn, id: SQLiteColumn | SQL, { after }: PageAsked): SQL {
  if (after === undefined) return sql`1 = 1`
  const [atMs, ...rest] = after.split('~')
  return sql`(${time}, ${id}) > (${Number(atMs) || 0}, ${rest.join('~')})`
}

function pageOf(items: readonly WorkItem[], { limit }: PageAsked): WorkPage {
  const last = items.at(-1)
  const isFull = items.length === limit && last !== undefined
  return { items, next: isFull ? `${last.sinceMs}~${last.id}` : undefined }
}

async function whenAny<Row>(
  rows: readonly unknown[],
  load: () => Promise<ReadonlyMap<string, readonly Row[]>>,
): Promise<ReadonlyMap<string, readonly Row[]>> {
  return rows.length === 0 ? new Map() : load()
}
