import { and, eq } from 'drizzle-orm'
import type { Core } from '../core.ts'
import type { AccountId, AppId, MerchantNo } from '../ids.ts'
import { type AppSecrets, openAppSecrets } from '../merchant/secrets.ts'
import type { LatePolicy } from '../payment/state.ts'
import type { BoundChannel } from '../plugin/api.ts'
import { openSealed } from '../sealing/seal.ts'
import { builtOnce } from '../store/built-once.ts'
import { apps, channelAccounts, channelConfigs, merchants, passages } from '../store/schema.ts'
import { revisionOf, selectConfigRevision } from './config-revision.ts'
import { type AppRows, recallApp, shareApp } from './shared-app.ts'

/** An app as the gateway knew it at one revision of the configuration. */
export interface AppEntry {
  readonly revision: string
  readonly appId: AppId
  readonly merchantNo: MerchantNo
  readonly merchantActive: boolean
  readonly appActive: boolean
  readonly secrets: AppSecrets
  readonly latePolicy: LatePolicy
  readonly notifiesEveryEnd: boolean
  /** How far a request's `reqTime` may be off, and how long its signature is good once; or null. */
  readonly replayWindowMs: number | null
  readonly passages: ReadonlyMap<string, Passage>
}

/** The passage by which an app sends money to an entry of a channel, said like a way. */
export function transferWay(channel: string, entry: string): string {
  return `${channel}:${entry}`
}

/** The account by which an app deals with a channel beyond single ways; the first by way code. */
export function accountOf(app: AppEntry, channel: string): Passage | undefined {
  return [...app.passages.values()]
    .filter((passage) => passage.channel === channel)
    .sort((a, b) => (a.way < b.way ? -1 : 1))[0]
}

/** By which account an app takes payments of a way. */
export interface Passage {
  readonly way: string
  readonly channel: string
  readonly accountId: AccountId
  readonly configVersion: number
  readonly settingsSealed: string
  readonly payee: string
  readonly feePartsPerMillion: number
}

/**
 * Finds an app, in this isolate's memory if it is there. What comes from memory may be out of date:
 * the first batch of the request compares `revision`, and calls `forgetApp` when it differs. Who is
 * refused before any batch asks `isOutOfDate` first.
 */
export async function findApp(core: Core, appId: AppId): Promise<AppEntry | undefined> {
  const remembered = core.ports.memory.get(keyOf(appId))
  if (remembered !== undefined) return remembered as AppEntry
  const entry = await loadApp(core, appId)
  if (entry !== undefined) core.ports.memory.set(keyOf(appId), entry)
  return entry
}

/** The app as it is at a revision that was read just now, for who has no batch to check it in. */
export async function findAppAt(
  core: Core,
  appId: AppId,
  revision: string,
): Promise<AppEntry | undefined> {
  const remembered = await findApp(core, appId)
  if (remembered?.revision === revision) return remembered
  forgetApp(core, appId)
  return findApp(core, appId)
}

export function forgetApp(core: Core, appId: AppId): void {
  core.ports.memory.delete(keyOf(appId))
  // What isolates share may be as old: the next look goes to the database.
  if (core.ports.shared !== undefined) core.ports.memory.set(doubtOf(appId), true)
}

/** Whether the configuration has changed since the app was read; one round trip. */
export async function isOutOfDate({ store }: Core, { revision }: AppEntry): Promise<boolean> {
  const [revisions] = await store.read.batch([selectConfigRevision({})])
  return revisionOf(revisions) !== revision
}

const keyOf = (appId: AppId) => `app:${appId}`
const doubtOf = (appId: AppId) => `doubt:${appId}`

async function loadApp(core: Core, appId: AppId): Promise<AppEntry | undefined> {
  const { memory } = core.ports
  const isDoubtful = memory.get(doubtOf(appId)) !== undefined
  const recalled = isDoubtful ? undefined : await recallApp(core, appId)
  if (recalled !== undefined) return entryOf(core, recalled)
  const rows = await readApp(core, appId)
  if (rows === undefined) return undefined
  memory.delete(doubtOf(appId))
  shareApp(core, appId, rows)
  return entryOf(core, rows)
}

async function readApp(core: Core, appId: AppId): Promise<AppRows | undefined> {
  const { store } = core
  const [revisions, found, ways] = await store.read.batch([
    selectConfigRevision({}),
    selectAppRow({ appId }),
    selectPassages({ appId }),
  ])
  const [row] = found
  return row && { revision: revisionOf(revisions), ...row, ways }
}

async function entryOf(core: Core, rows: AppRows): Promise<AppEntry> {
  const { app, merchantState, revision, ways } = rows
  const { appId, merchantNo, latePolicy, notifiesEveryEnd, replayWindowMs } = app
  return {
    revision,
    appId,
    merchantNo,
    merchantActive: merchantState === 'active',
    appActive: app.state === 'active',
    secrets: await openAppSecrets(core, appId, app),
    latePolicy,
    notifiesEveryEnd,
    replayWindowMs,
    passages: new Map(ways.map((passage) => [passage.way, passage])),
  }
}

const selectAppRow = builtOnce(['appId'], (db, { appId }) =>
  db
    .select({ app: apps, merchantState: merchants.state })
    .from(apps)
    .innerJoin(merchants, eq(merchants.merchantNo, apps.merchantNo))
    .where(eq(apps.appId, appId))
    .limit(1),
)

const selectPassages = builtOnce(['appId'], (db, { appId }) =>
  db
    .select({
      way: passages.way,
      channel: channelAccounts.channel,
      accountId: passages.accountId,
      configVersion: channelConfigs.version,
      settingsSealed: channelConfigs.settingsSealed,
      payee: channelConfigs.payee,
      feePartsPerMillion: passages.feePartsPerMillion,
    })
    .from(passages)
    .innerJoin(channelAccounts, eq(channelAccounts.accountId, passages.accountId))
    .innerJoin(
      channelConfigs,
      and(
        eq(channelConfigs.accountId, channelAccounts.accountId),
        eq(channelConfigs.version, channelAccounts.currentVersion),
      ),
    )
    .where(
      and(
        eq(passages.appId, appId),
        eq(passages.state, 'active'),
        eq(channelAccounts.state, 'active'),
      ),
    ),
)

/** A channel's settings at one version, as an attempt pinned them. */
export interface PinnedConfig {
  readonly channel: string
  readonly accountId: AccountId
  readonly configVersion: number
  readonly settingsSealed: string
}

/**
 * The channel bound to the settings of one version. Versions never change, so memory is always right.
 *
 * @throws when the settings do not open or do not fit the plugin any more: an operator's matter
 */
export async function bindChannel(core: Core, pinned: PinnedConfig): Promise<BoundChannel> {
  const { accountId, configVersion } = pinned
  const key = `channel:${accountId}:${configVersion}`
  const remembered = core.ports.memory.get(key)
  if (remembered !== undefined) return remembered as BoundChannel

  const channel = core.channels.get(pinned.channel)
  if (channel === undefined) throw new Error(`channel ${pinned.channel} is not in this deployment`)
  const context = `account/${accountId}/config/${configVersion}` as const
  const settings: unknown = JSON.parse(
    await openSealed(core.ports.keyRing, context, pinned.settingsSealed),
  )
  const bound = channel.bind(settings)
  if (!bound.ok) {
    throw new Error(`settings of account ${accountId} do not fit: ${bound.refusal.join('; ')}`)
  }
  core.ports.memory.set(key, bound.value)
  return bound.value
}
