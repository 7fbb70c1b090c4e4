import { and, asc, eq, inArray, max, ne, sql } from 'drizzle-orm'
import type { Core } from '../core.ts'
import { type AccountId, type MerchantNo, newRequestNumber } from '../ids.ts'
import type { ReceiverOutcome, SplitReceiver } from '../plugin/api.ts'
import { runOperation } from '../plugin/host.ts'
import { ok, type Result, refuse } from '../result.ts'
import { type AppEntry, accountOf, bindChannel, type Passage } from '../routing/directory.ts'
import { splitGroups, splitReceivers } from '../store/schema.ts'
import type { ReceiverRow } from './create.ts'

const FIRST_GROUP_ID = 100_001
const FIRST_RECEIVER_ID = 800_001

export interface BindRequest {
  readonly channel: string
  readonly groupId: number
  readonly alias: string
  readonly receiver: SplitReceiver
  readonly extInfo: string | undefined
  readonly sharePartsPerMillion: number
}

export type BindRefusal =
  | { readonly code: 'channel_cannot_split' }
  | { readonly code: 'not_offered' }
  | { readonly code: 'group_not_found' }

export type BindResult =
  | { readonly kind: 'bound'; readonly receiver: ReceiverRow }
  /** Nothing is stored; binding again is safe. */
  | { readonly kind: 'not_bound'; readonly code: string; readonly message: string }

/** Makes a group of receivers of a merchant; JeePay has them made in its console. */
export async function createGroup(
  { ports, store }: Core,
  group: { readonly merchantNo: MerchantNo; readonly name: string; readonly isAutomatic: boolean },
): Promise<number> {
  const db = store.write
  const next = sql`(select coalesce(max(${splitGroups.groupId}) + 1, ${FIRST_GROUP_ID}) from ${splitGroups})`
  const [made] = await db.batch([
    db
      .insert(splitGroups)
      .values({ groupId: next, createdAtMs: ports.clock.now(), ...group })
      .returning({ groupId: splitGroups.groupId }),
  ])
  return made[0]?.groupId ?? FIRST_GROUP_ID
}

/** Makes a receiver known to the channel, and then to us. The same receiver again is updated. */
export async function bindReceiver(
  core: Core,
  app: AppEntry,
  request: BindRequest,
): Promise<Result<BindResult, BindRefusal>> {
  const manifest = core.channels.get(request.channel)?.manifest
  if (manifest?.capabilities.split === undefined) return refuse({ code: 'channel_cannot_split' })
  const passage = accountOf(app, request.channel)
  if (passage === undefined) return refuse({ code: 'not_offered' })
  if (!(await isGroupOf(core, app, request.groupId))) return refuse({ code: 'group_not_found' })

  const outcome = await callChannel(core, passage, request.receiver, 'bindReceiver')
  if (outcome.kind !== 'done') return ok({ kind: 'not_bound', ...problemOf(outcome) })
  const receiver = await store(core, app, passage, request)
  return ok(receiver === undefined ? OF_ANOTHER_APP : { kind: 'bound', receiver })
}

const OF_ANOTHER_APP = {
  kind: 'not_bound',
  code: 'RECEIVER_OF_ANOTHER_APP',
  message: '该账号已由商户的其他应用绑定在此组',
} as const

/** Ends the relation at the channel. A receiver that is unbound shares in nothing any more. */
export async function unbindReceiver(
  core: Core,
  app: AppEntry,
  receiverId: number,
): Promise<Result<BindResult, BindRefusal | { readonly code: 'receiver_not_found' }>> {
  const [found] = await findReceivers(core, app, [receiverId])
  if (found === undefined) return refuse({ code: 'receiver_not_found' })
  // Of the account that it was bound at; the app may have got another one since.
  const passage = [...app.passages.values()].find((one) => one.accountId === found.accountId)
  if (passage === undefined) return refuse({ code: 'not_offered' })
  if (!(await isBoundElsewhere(core, found))) {
    const { kind, account, relation } = found
    const receiver = { kind, account, relation }
    const outcome = await callChannel(core, passage, receiver, 'unbindReceiver')
    if (outcome.kind !== 'done') return ok({ kind: 'not_bound', ...problemOf(outcome) })
  }
  await core.store.write.batch([
    core.store.write
      .update(splitReceivers)
      .set({ state: 'unbound' })
      .where(eq(splitReceivers.receiverId, receiverId)),
  ])
  return ok({ kind: 'bound', receiver: { ...found, state: 'unbound' } })
}

/** The channel knows a receiver once, in however many groups we have it. */
async function isBoundElsewhere({ store }: Core, receiver: ReceiverRow): Promise<boolean> {
  const [found] = await store.read.batch([
    store.read
      .select({ receiverId: splitReceivers.receiverId })
      .from(splitReceivers)
      .where(
        and(
          eq(splitReceivers.accountId, receiver.accountId),
          eq(splitReceivers.kind, receiver.kind),
          eq(splitReceivers.account, receiver.account),
          eq(splitReceivers.state, 'bound'),
          ne(splitReceivers.receiverId, receiver.receiverId),
        ),
      ),
  ])
  return found.length > 0
}

/** Bound receivers of an app by their ids, in no order. */
export async function findReceivers(
  { store }: Core,
  { appId }: AppEntry,
  receiverIds: readonly number[],
): Promise<readonly ReceiverRow[]> {
  const [found] = await store.read.batch([
    store.read
      .select()
      .from(splitReceivers)
      .where(
        and(
          inArray(splitReceivers.receiverId, [...receiverIds]),
          eq(splitReceivers.appId, appId),
          eq(splitReceivers.state, 'bound'),
        ),
      ),
  ])
  return found
}

/** Bound receivers of an app, of some groups or of all. */
export async function listReceivers(
  { store }: Core,
  { appId }: AppEntry,
  groupIds?: readonly number[],
): Promise<readonly ReceiverRow[]> {
  const [found] = await store.read.batch([
    store.read
      .select()
      .from(splitReceivers)
      .where(
        and(
          eq(splitReceivers.appId, appId),
          eq(splitReceivers.state, 'bound'),
          groupIds === undefined ? undefined : inArray(splitReceivers.groupId, [...groupIds]),
        ),
      )
      .orderBy(asc(splitReceivers.receiverId)),
  ])
  return found
}

/** Bound receivers of an app at one account, in the groups that its merchant calls automatic. */
export async function automaticReceivers(
  { store }: Core,
  { appId }: Pick<AppEntry, 'appId'>,
  accountId: AccountId,
): Promise<readonly ReceiverRow[]> {
  const [found] = await store.read.batch([
    store.read
      .select({ receiver: splitReceivers })
      .from(splitReceivers)
      .innerJoin(splitGroups, eq(splitGroups.groupId, splitReceivers.groupId))
      .where(
        and(
          eq(splitReceivers.appId, appId),
          eq(splitReceivers.accountId, accountId),
          eq(splitReceivers.state, 'bound'),
          eq(splitGroups.isAutomatic, true),
        ),
      )
      .orderBy(asc(splitReceivers.receiverId)),
  ])
  return found.map(({ receiver }) => receiver)
}

async function isGroupOf({ store }: Core, app: AppEntry, groupId: number): Promise<boolean> {
  const [found] = await store.read.batch([
    store.read
      .select({ groupId: splitGroups.groupId })
      .from(splitGroups)
      .where(and(eq(splitGroups.groupId, groupId), eq(splitGroups.merchantNo, app.merchantNo))),
  ])
  return found.length === 1
}

const OPERATIONS = { bindReceiver: 'bind_receiver', unbindReceiver: 'unbind_receiver' } as const

async function callChannel(
  core: Core,
  passage: Passage,
  receiver: SplitReceiver,
  name: 'bindReceiver' | 'unbindReceiver',
): Promise<ReceiverOutcome> {
  const channel = await bindChannel(core, passage)
  const operation = channel.split?.[name]
  if (operation === undefined) return { kind: 'not_sent', reason: 'the channel does not split' }
  const requestNumber = newRequestNumber(core.ports)
  const { outcome } = await runOperation<ReceiverOutcome>(
    core,
    channel,
    {
      operation: OPERATIONS[name],
      accountId: passage.accountId,
      hides: [receiver.account, receiver.name],
    },
    (ports) => operation(ports, { receiver, requestNumber }),
  )
  return outcome
}

function problemOf(outcome: Exclude<ReceiverOutcome, { kind: 'done' }>) {
  switch (outcome.kind) {
    case 'failed':
      return { code: outcome.error.code, message: outcome.error.message }
    case 'not_sent':
      return { code: 'NOT_SENT', message: outcome.reason }
    case 'unknown':
      return { code: 'UNKNOWN', message: '支付通道未给出结果，请重试' }
  }
}

/** @returns nothing when another app of the merchant has it, at the same account and in the group */
async function store(
  { ports, store }: Core,
  app: AppEntry,
  passage: Passage,
  request: BindRequest,
): Promise<ReceiverRow | undefined> {
  const db = store.write
  const { kind, account, name, relation, relationName } = request.receiver
  const { alias, extInfo, sharePartsPerMillion } = request
  const changeable = {
    alias,
    name: name ?? null,
    relation,
    relationName: relationName ?? null,
    extInfo: extInfo ?? null,
    sharePartsPerMillion,
    state: 'bound' as const,
    boundAtMs: ports.clock.now(),
    appId: app.appId,
  }
  const next = db
    .select({ id: sql`coalesce(${max(splitReceivers.receiverId)} + 1, ${FIRST_RECEIVER_ID})` })
    .from(splitReceivers)
  const [stored] = await db.batch([
    db
      .insert(splitReceivers)
      .values({
        receiverId: sql`(${next})`,
        groupId: request.groupId,
        merchantNo: app.merchantNo,
        channel: passage.channel,
        accountId: passage.accountId,
        kind,
        account,
        ...changeable,
      })
      .onConflictDoUpdate({
        target: [
          splitReceivers.accountId,
          splitReceivers.groupId,
          splitReceivers.kind,
          splitReceivers.account,
        ],
        set: changeable,
        setWhere: sql`${splitReceivers.appId} = ${app.appId} or ${splitReceivers.state} = 'unbound'`,
      })
      .returning(),
  ])
  return stored[0]
}
