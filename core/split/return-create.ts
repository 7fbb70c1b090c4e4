import { and, eq, sql } from 'drizzle-orm'
import * as z from 'zod'
import type { Core } from '../core.ts'
import { isNewKey, type RequestKey, waitForOther, whereKey } from '../idempotency/standing.ts'
import { newEventId, newSplitReturnId, type SplitReturnId } from '../ids.ts'
import type { Minor } from '../money.ts'
import { DISPATCH_LEASE_MS } from '../payment/start.ts'
import { DatabaseError } from '../ports.ts'
import { ok, type Result, refuse } from '../result.ts'
import { bindChannel } from '../routing/directory.ts'
import { needsConfigAgain } from '../routing/drain.ts'
import {
  events,
  idempotency,
  payments,
  splitReturns,
  splitShares,
  splits,
} from '../store/schema.ts'
import { insertWhere, previousChangedOne } from '../store/store.ts'
import {
  isLeased,
  isPaymentFree,
  loadSplits,
  pinnedBy,
  type ShareRow,
  type SplitCase,
  type SplitReturnRow,
} from './case.ts'
import { sendReturn } from './return-send.ts'
import type { SplitReturnState } from './state.ts'

/** What a merchant asks for, parsed. */
export interface ReturnRequest {
  readonly merchantReturnNo: string
  readonly receiverId: number
  readonly amountMinor: Minor
  readonly description: string
  readonly notifyUrl: string | undefined
  readonly fingerprint: string
}

export interface ReturnAnswer {
  readonly splitReturnId: SplitReturnId
  readonly state: SplitReturnState
  readonly channelReturnNo: string | null
  readonly error: { readonly code: string; readonly message: string } | null
}

export type ReturnRefusal =
  | { readonly code: 'channel_cannot_return' }
  | { readonly code: 'share_not_found' }
  | { readonly code: 'share_not_succeeded' }
  | { readonly code: 'payment_frozen' }
  | { readonly code: 'exceeds_share'; readonly returnableMinor: number }
  | { readonly code: 'number_taken' }

interface Standing {
  readonly fingerprint: string
  readonly answer: string | null
  readonly splitReturn: SplitReturnRow
}

const MAX_RACES = 20

/**
 * Takes a share back from its receiver: sets the amount aside in the write that creates the return,
 * so that no share is taken back twice, and sends it.
 */
export async function createReturn(
  core: Core,
  known: SplitCase,
  request: ReturnRequest,
): Promise<Result<ReturnAnswer, ReturnRefusal>> {
  const key: RequestKey = {
    merchantNo: known.split.merchantNo,
    scope: 'split_return',
    key: request.merchantReturnNo,
  }
  let kase: SplitCase | undefined = known
  for (let races = 0; races < MAX_RACES && kase !== undefined; races++) {
    const standing = await findStanding(core, key)
    if (standing !== undefined) return answerRepeat(core, request, key, standing)
    const share = returnableShare(core, kase, request)
    if (!share.ok) return share
    const { split, settingsSealed }: SplitCase = kase
    // Nothing is written for settings that do not open.
    await bindChannel(core, pinnedBy(split, settingsSealed))
    const started = await reserve(core, kase, share.value, request, key)
    if (started !== undefined) {
      return ok(await sendReturn(core, { splitReturn: started, settingsSealed }, 'answer', key))
    }
    // Somebody was faster, or the payment is frozen.
    if (await isFrozen(core, split)) return refuse({ code: 'payment_frozen' })
    kase = (await loadSplits(core, eq(splits.splitId, split.splitId)))[0]
  }
  throw new Error(`return ${request.merchantReturnNo} lost too many races`)
}

function returnableShare(
  core: Core,
  { split, shares }: SplitCase,
  { receiverId, amountMinor }: ReturnRequest,
): Result<ShareRow, ReturnRefusal> {
  const capability = core.channels.get(split.channel)?.manifest.capabilities.split
  if (!capability?.returns) return refuse({ code: 'channel_cannot_return' })
  const share = shares.find((one) => one.receiverId === receiverId)
  if (share === undefined) return refuse({ code: 'share_not_found' })
  if (share.state !== 'succeeded') return refuse({ code: 'share_not_succeeded' })
  const returnableMinor = share.amountMinor - share.returnReservedMinor
  return amountMinor > returnableMinor
    ? refuse({ code: 'exceeds_share', returnableMinor })
    : ok(share)
}

async function isFrozen({ store }: Core, { paymentId }: SplitCase['split']): Promise<boolean> {
  const [free] = await store.read.batch([
    store.read
      .select({ paymentId: payments.paymentId })
      .from(payments)
      .where(and(eq(payments.paymentId, paymentId), isPaymentFree(paymentId))),
  ])
  return free.length === 0
}

async function findStanding({ store }: Core, key: RequestKey): Promise<Standing | undefined> {
  const [found] = await store.read.batch([
    store.read
      .select({
        fingerprint: idempotency.fingerprint,
        answer: idempotency.answer,
        splitReturn: splitReturns,
      })
      .from(idempotency)
      .innerJoin(splitReturns, eq(splitReturns.splitReturnId, sql`${idempotency.subjectId}`))
      .where(whereKey(key)),
  ])
  return found[0]
}

/** @returns nothing when the share has changed since it was read, or the number was taken */
async function reserve(
  core: Core,
  kase: SplitCase,
  share: ShareRow,
  request: ReturnRequest,
  key: RequestKey,
): Promise<SplitReturnRow | undefined> {
  const { ports, store } = core
  const db = store.write
  const splitReturn = freshRow(core, kase, share, request)
  const { splitReturnId, amountMinor, createdAtMs } = splitReturn
  const { fingerprint } = request
  const known = { ...key, fingerprint, subjectId: splitReturnId, createdAtMs }
  try {
    const results = await db.batch([
      db
        .update(splitShares)
        .set({ returnReservedMinor: sql`${splitShares.returnReservedMinor} + ${amountMinor}` })
        .where(
          and(
            eq(splitShares.splitId, share.splitId),
            eq(splitShares.number, share.number),
            eq(splitShares.state, 'succeeded'),
            sql`${splitShares.returnReservedMinor} + ${amountMinor} <= ${splitShares.amountMinor}`,
            isPaymentFree(splitReturn.paymentId),
            isNewKey(key),
          ),
        ),
      db.run(insertWhere(splitReturns, splitReturn, previousChangedOne)),
      db.run(insertWhere(idempotency, known, previousChangedOne)),
      db.run(
        insertWhere(
          events,
          {
            eventId: newEventId(ports),
            subjectKind: 'split_return',
            subjectId: splitReturnId,
            version: 1,
            kind: 'split_return.created',
            source: 'request',
            evidence: '{}',
            atMs: createdAtMs,
          },
          previousChangedOne,
        ),
      ),
      db
        .select({ splitReturnId: splitReturns.splitReturnId })
        .from(splitReturns)
        .where(eq(splitReturns.splitReturnId, splitReturnId)),
      needsConfigAgain(core, splitReturn),
    ])
    return results[4].length === 1 ? splitReturn : undefined
  } catch (error) {
    if (error instanceof DatabaseError && error.trouble === 'conflict') return undefined
    throw error
  }
}

function freshRow(
  { ports }: Core,
  { split }: SplitCase,
  share: ShareRow,
  request: ReturnRequest,
): SplitReturnRow {
  const nowMs = ports.clock.now()
  return {
    splitReturnId: newSplitReturnId(ports),
    splitId: split.splitId,
    shareNumber: share.number,
    paymentId: split.paymentId,
    merchantNo: split.merchantNo,
    appId: split.appId,
    merchantReturnNo: request.merchantReturnNo,
    state: 'created',
    version: 1,
    kind: share.kind,
    account: share.account,
    amountMinor: request.amountMinor,
    currency: split.currency,
    description: request.description,
    notifyUrl: request.notifyUrl ?? null,
    channel: split.channel,
    accountId: split.accountId,
    configVersion: split.configVersion,
    payee: split.payee,
    channelPaymentNo: split.channelPaymentNo,
    channelSplitNo: split.channelSplitNo ?? '',
    dispatchedAtMs: nowMs,
    sends: 1,
    dispatchLeaseUntilMs: nowMs + DISPATCH_LEASE_MS,
    channelReturnNo: null,
    errorCode: null,
    errorMessage: null,
    returnedAtMs: null,
    createdAtMs: nowMs,
    nextCheckAtMs: nowMs + DISPATCH_LEASE_MS,
    lastCheckAtMs: null,
    checkLeaseUntilMs: null,
  }
}

async function answerRepeat(
  core: Core,
  request: ReturnRequest,
  key: RequestKey,
  first: Standing,
): Promise<Result<ReturnAnswer, ReturnRefusal>> {
  if (first.fingerprint !== request.fingerprint) return refuse({ code: 'number_taken' })
  const { clock } = core.ports
  let seen: Standing | undefined = first
  if (first.answer === null && isLeased(first.splitReturn, clock.now())) {
    seen = await waitForOther(core, first.splitReturn.dispatchLeaseUntilMs ?? 0, async () => {
      const standing = await findStanding(core, key)
      if (standing === undefined) return undefined
      return isLeased(standing.splitReturn, clock.now()) ? undefined : standing
    })
  }
  const { answer, splitReturn } = seen ?? first
  return ok(answer === null ? answerOfReturn(splitReturn) : keptAnswer.parse(JSON.parse(answer)))
}

export function answerOfReturn(splitReturn: SplitReturnRow): ReturnAnswer {
  const { splitReturnId, state, channelReturnNo } = splitReturn
  const error =
    state === 'failed'
      ? { code: splitReturn.errorCode ?? '', message: splitReturn.errorMessage ?? '' }
      : null
  return { splitReturnId, state, channelReturnNo, error }
}

const keptAnswer = z.object({
  splitReturnId: z.custom<SplitReturnId>((id) => typeof id === 'string'),
  state: z.enum(['created', 'pending', 'succeeded', 'failed']),
  channelReturnNo: z.string().nullable(),
  error: z.object({ code: z.string(), message: z.string() }).nullable(),
})
