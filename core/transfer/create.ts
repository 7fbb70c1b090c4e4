import { eq, sql } from 'drizzle-orm'
import * as z from 'zod'
import type { Core } from '../core.ts'
import { type RequestKey, waitForOther, whereKey } from '../idempotency/standing.ts'
import { newEventId, newTransferId, type TransferId } from '../ids.ts'
import type { Money } from '../money.ts'
import { DISPATCH_LEASE_MS } from '../payment/start.ts'
import { DatabaseError } from '../ports.ts'
import { ok, type Result, refuse } from '../result.ts'
import { configRevision, revisionOf, selectConfigRevision } from '../routing/config-revision.ts'
import {
  type AppEntry,
  bindChannel,
  isOutOfDate,
  type Passage,
  transferWay,
} from '../routing/directory.ts'
import { builtOnce } from '../store/built-once.ts'
import { events, idempotency, transfers } from '../store/schema.ts'
import { insertWhere, previousChangedOne } from '../store/store.ts'
import type { TransferRow } from './apply.ts'
import { isTransferOnItsWay } from './case.ts'
import { answerOfTransfer, sendTransfer } from './send.ts'
import type { TransferState } from './state.ts'

/** What a merchant asks for, parsed. */
export interface TransferRequest {
  readonly merchantTransferNo: string
  readonly channel: string
  readonly entry: string
  readonly amount: Money
  readonly currencyAsGiven: string
  readonly account: string
  readonly accountName: string | undefined
  readonly bankName: string | undefined
  readonly description: string
  readonly clientIp: string
  readonly notifyUrl: string | undefined
  readonly extParam: string | undefined
  /** By the names that the entry's schema has. */
  readonly extra: Readonly<Record<string, unknown>>
  readonly extraAsGiven: string | undefined
  /** Over all of the request that makes it this one and not another. */
  readonly fingerprint: string
}

export interface TransferAnswer {
  readonly transferId: TransferId
  readonly state: TransferState
  readonly channelTransferNo: string | null
  readonly clientData: string | null
  readonly error: { readonly code: string; readonly message: string } | null
}

export type TransferRefusal =
  /** What we knew of the app is out of date; look it up anew and try again. */
  | { readonly code: 'stale_app' }
  | { readonly code: 'channel_missing' }
  | { readonly code: 'not_offered' }
  | { readonly code: 'entry_unknown' }
  | { readonly code: 'currency_not_taken'; readonly currency: string }
  | { readonly code: 'extra_wrong'; readonly field: string }
  | { readonly code: 'number_taken' }

interface Standing {
  readonly fingerprint: string
  readonly answer: string | null
  readonly transfer: TransferRow
}

const MAX_ID_COLLISIONS = 3

/**
 * Takes a transfer: one row and one channel call for a merchant's number, whatever the number of
 * copies of the request.
 *
 * A transfer whose end is unknown is never sent again from here, nor under another number: the sweep
 * asks the channel, and sends the same number again only when the channel does not know it.
 */
export async function createTransfer(
  core: Core,
  app: AppEntry,
  request: TransferRequest,
): Promise<Result<TransferAnswer, TransferRefusal>> {
  const routed = routeFor(core, app, request)
  if (!routed.ok) {
    // The refusal may rest on a configuration that is no more.
    return (await isOutOfDate(core, app)) ? refuse({ code: 'stale_app' }) : routed
  }
  // Nothing is written for settings that do not open.
  await bindChannel(core, routed.value)
  const key = keyOfTransfer(app, request.merchantTransferNo)
  const started = await start(core, app, request, routed.value, key)
  switch (started.kind) {
    case 'stale_app':
      return refuse({ code: 'stale_app' })
    case 'known':
      return answerRepeat(core, request, key, started.standing)
    case 'started': {
      const kase = { transfer: started.transfer, settingsSealed: routed.value.settingsSealed }
      return ok(await sendTransfer(core, kase, 'answer', key))
    }
  }
}

function keyOfTransfer({ merchantNo }: AppEntry, key: string): RequestKey {
  return { merchantNo, scope: 'transfer', key }
}

/** Money out has a passage of its own for each entry: nobody gets it along with another way. */
function routeFor(
  core: Core,
  app: AppEntry,
  request: TransferRequest,
): Result<Passage, TransferRefusal> {
  const manifest = core.channels.get(request.channel)?.manifest
  if (manifest?.transfers === undefined) return refuse({ code: 'channel_missing' })
  const entry = manifest.transfers[request.entry]
  if (entry === undefined) return refuse({ code: 'entry_unknown' })
  const passage = app.passages.get(transferWay(request.channel, request.entry))
  if (passage === undefined) return refuse({ code: 'not_offered' })
  const { currency } = request.amount
  if (!manifest.currencies.includes(currency)) {
    return refuse({ code: 'currency_not_taken', currency })
  }
  const extra = entry.input.safeParse(request.extra)
  if (extra.success) return ok(passage)
  return refuse({ code: 'extra_wrong', field: String(extra.error.issues[0]?.path[0] ?? '') })
}

type Started =
  | { readonly kind: 'started'; readonly transfer: TransferRow }
  | { readonly kind: 'known'; readonly standing: Standing }
  | { readonly kind: 'stale_app' }

async function start(
  core: Core,
  app: AppEntry,
  request: TransferRequest,
  passage: Passage,
  key: RequestKey,
): Promise<Started> {
  for (let collisions = 0; ; collisions++) {
    try {
      return await tryToStart(core, app, request, passage, key)
    } catch (error) {
      // Somebody else's transfer has the number that we drew: nothing was written.
      const collided = error instanceof DatabaseError && error.trouble === 'conflict'
      if (!collided || collisions === MAX_ID_COLLISIONS) throw error
    }
  }
}

/** Writes the transfer with its dispatch stamp, if its number is new, in one round trip. */
async function tryToStart(
  core: Core,
  app: AppEntry,
  request: TransferRequest,
  passage: Passage,
  key: RequestKey,
): Promise<Started> {
  const { store, ports } = core
  const db = store.write
  const transfer = freshRow(core, app, request, passage)
  const { transferId, createdAtMs } = transfer
  const { fingerprint } = request
  const known = { ...key, fingerprint, subjectId: transferId, createdAtMs }
  const isFresh = sql`${configRevision} = ${app.revision}`
  const [, , , revisions, found] = await db.batch([
    db.run(sql`${insertWhere(idempotency, known, isFresh)} on conflict do nothing`),
    db.run(insertWhere(transfers, transfer, previousChangedOne)),
    db.run(
      insertWhere(
        events,
        {
          eventId: newEventId(ports),
          subjectKind: 'transfer',
          subjectId: transferId,
          version: 1,
          kind: 'transfer.created',
          source: 'request',
          evidence: '{}',
          atMs: createdAtMs,
        },
        previousChangedOne,
      ),
    ),
    selectConfigRevision({}),
    selectStanding(key),
  ])
  const standing = found[0]
  if (standing?.transfer.transferId === transferId) return { kind: 'started', transfer }
  if (revisionOf(revisions) !== app.revision) return { kind: 'stale_app' }
  if (standing !== undefined) return { kind: 'known', standing }
  throw new Error(`number ${key.key} was neither taken nor known`)
}

const selectStanding = builtOnce(['merchantNo', 'scope', 'key'], (db, key) =>
  db
    .select({
      fingerprint: idempotency.fingerprint,
      answer: idempotency.answer,
      transfer: transfers,
    })
    .from(idempotency)
    .innerJoin(transfers, eq(transfers.transferId, sql`${idempotency.subjectId}`))
    .where(whereKey(key)),
)

function freshRow(
  { ports }: Core,
  app: AppEntry,
  request: TransferRequest,
  passage: Passage,
): TransferRow {
  const nowMs = ports.clock.now()
  return {
    transferId: newTransferId(ports),
    merchantNo: app.merchantNo,
    appId: app.appId,
    merchantTransferNo: request.merchantTransferNo,
    state: 'created',
    version: 1,
    amountMinor: request.amount.minor,
    currency: request.amount.currency,
    currencyAsGiven: request.currencyAsGiven,
    entry: request.entry,
    account: request.account,
    accountName: request.accountName ?? null,
    bankName: request.bankName ?? null,
    description: request.description,
    clientIp: request.clientIp,
    notifyUrl: request.notifyUrl ?? null,
    extParam: request.extParam ?? null,
    extra: JSON.stringify(request.extra),
    extraAsGiven: request.extraAsGiven ?? null,
    channel: passage.channel,
    accountId: passage.accountId,
    configVersion: passage.configVersion,
    payee: passage.payee,
    dispatchedAtMs: nowMs,
    sends: 1,
    dispatchLeaseUntilMs: nowMs + DISPATCH_LEASE_MS,
    channelTransferNo: null,
    clientData: null,
    errorCode: null,
    errorMessage: null,
    needsOperator: false,
    transferredAtMs: null,
    createdAtMs: nowMs,
    nextCheckAtMs: nowMs + DISPATCH_LEASE_MS,
    lastCheckAtMs: null,
    checkLeaseUntilMs: null,
  }
}

/** The same request gets the same answer; while the first copy waits, this one waits for it. */
async function answerRepeat(
  core: Core,
  request: TransferRequest,
  key: RequestKey,
  first: Standing,
): Promise<Result<TransferAnswer, TransferRefusal>> {
  if (first.fingerprint !== request.fingerprint) return refuse({ code: 'number_taken' })
  const { clock } = core.ports
  let seen: Standing | undefined = first
  if (first.answer === null && isTransferOnItsWay(first.transfer, clock.now())) {
    seen = await waitForOther(core, first.transfer.dispatchLeaseUntilMs ?? 0, async () => {
      const [found] = await core.store.read.batch([selectStanding(key)])
      const standing = found[0]
      if (standing === undefined) return undefined
      return isTransferOnItsWay(standing.transfer, clock.now()) ? undefined : standing
    })
  }
  const { answer, transfer } = seen ?? first
  return ok(answer === null ? answerOfTransfer(transfer) : keptAnswer.parse(JSON.parse(answer)))
}

const keptAnswer = z.object({
  transferId: z.custom<TransferId>((id) => typeof id === 'string'),
  state: z.enum(['created', 'pending', 'succeeded', 'failed', 'closed']),
  channelTransferNo: z.string().nullable(),
  clientData: z.string().nullable(),
  error: z.object({ code: z.string(), message: z.string() }).nullable(),
})
