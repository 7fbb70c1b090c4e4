import * as z from 'zod'
import type { Core } from '../../core/core.ts'
import type { AccountId, AppId, MerchantNo, ServiceProviderNo } from '../../core/ids.ts'
import {
  type AccountOwner,
  changeSettings,
  createAccount,
  createSubAccount,
  openPassage,
  type Settings,
  type SettingsRefusal,
} from '../../core/merchant/accounts.ts'
import type { SplitReceiver } from '../../core/plugin/api.ts'
import type { Books, Simulator } from '../../core/plugin/simulator.ts'
import { assert, type Result } from '../../core/result.ts'
import { findApp, forgetApp, transferWay } from '../../core/routing/directory.ts'
import { bindReceiver } from '../../core/split/receivers.ts'
import type { DemoApp } from './demo.ts'

/** What the demo merchant has at one simulated channel. The manifest names it, not this code. */

/** 0.6 %, what most merchants pay. */
const FEE_PARTS_PER_MILLION = 6_000

/** For each of them; all together stay below the 30 % that channels let a merchant share. */
const SHARE_PARTS_PER_MILLION = 100_000

/** All that there is to open at one channel: what the manifest and the simulator say. */
export interface World {
  readonly channel: string
  readonly ways: readonly string[]
  /** Passages of transfers. */
  readonly entries: readonly string[]
  readonly settings: Settings
  readonly receivers: readonly SplitReceiver[]
  readonly belowProvider: readonly Settings[]
}

export async function worldOf(core: Core, simulator: Simulator): Promise<World> {
  const { channel } = simulator
  const manifest = core.channels.get(channel)?.manifest
  const cast = await simulator.cast?.()
  return {
    channel,
    ways: Object.keys(manifest?.ways ?? {}),
    entries: Object.keys(manifest?.transfers ?? {}).map((entry) => transferWay(channel, entry)),
    settings: await simulator.demoSettings(),
    receivers: cast?.receivers ?? [],
    belowProvider: cast?.belowProvider ?? [],
  }
}

/**
 * The merchant's own account there, with each way and entry, and everybody that shares can go to.
 *
 * @returns whether the channel has taken all receivers
 */
export async function openDirect(
  core: Core,
  books: Books,
  demo: { readonly app: DemoApp; readonly groupId: number; readonly world: World },
): Promise<boolean> {
  const { app, groupId } = demo
  const { channel, ways, entries, settings, receivers } = demo.world
  await once(books, channel, { settings, ways, entries }, async (known) => {
    const opened = await account(core, merchantOf(app), channel, settings, known)
    await openPassages(core, app, [...ways, ...entries], opened)
    return opened
  })
  return bindAll(core, app, groupId, channel, receivers)
}

/** The same below the simulated service provider, if there is such a place. */
export async function openBelowProvider(
  core: Core,
  books: Books,
  demo: {
    readonly app: DemoApp
    readonly groupId: number
    readonly world: World
    readonly place: number
  },
): Promise<boolean> {
  const { app, groupId, place } = demo
  const { channel, ways, receivers, belowProvider } = demo.world
  const settings = belowProvider[place]
  if (settings === undefined) return true
  const shared = sharedBy(belowProvider)
  const provider = await once(books, `${channel}/provider`, { shared }, (known) =>
    account(core, PROVIDER, channel, shared, known),
  )
  await once(books, `${channel}/below/${place}`, { settings, ways }, async (known) => {
    const opened = await (known === undefined
      ? accepted(channel, createSubAccount(core, app.mchNo as MerchantNo, provider, settings))
      : account(core, merchantOf(app), channel, settings, known))
    await openPassages(core, app, ways, opened)
    return opened
  })
  return bindAll(core, app, groupId, channel, receivers)
}

/** The provider's: nothing that only some of the merchants below it have, or all would get it. */
function sharedBy(places: readonly Settings[]): Settings {
  const [first = {}, ...others] = places
  const names = Object.keys(first).filter((name) => others.every((one) => name in one))
  return Object.fromEntries(names.map((name) => [name, first[name]]))
}

const PROVIDER: AccountOwner = { kind: 'service_provider', no: 'V1700000000' as ServiceProviderNo }

const merchantOf = ({ mchNo }: DemoApp): AccountOwner => ({
  kind: 'merchant',
  no: mchNo as MerchantNo,
})

const openedBefore = z.object({
  accountId: z.custom<AccountId>((id) => typeof id === 'string'),
  wanted: z.string().optional(),
})

/**
 * Opens what has not been opened as it is wanted now. An earlier release left the account's id alone.
 *
 * @returns the account
 */
async function once(
  books: Books,
  id: string,
  wanted: unknown,
  open: (known: AccountId | undefined) => Promise<AccountId>,
): Promise<AccountId> {
  const known = openedBefore.safeParse(await books.get('demo-channel', id))
  const text = JSON.stringify(wanted)
  if (known.data?.wanted === text) return known.data.accountId
  const accountId = await open(known.data?.accountId)
  await books.update('demo-channel', id, () => ({ accountId, wanted: text }))
  return accountId
}

async function account(
  core: Core,
  owner: AccountOwner,
  channel: string,
  settings: Settings,
  known: AccountId | undefined,
): Promise<AccountId> {
  if (known === undefined) {
    return accepted(channel, createAccount(core, owner, channel, settings))
  }
  await accepted(channel, changeSettings(core, known, settings))
  return known
}

async function accepted<Value>(
  channel: string,
  attempt: Promise<Result<Value, SettingsRefusal>>,
): Promise<Value> {
  const done = await attempt
  if (done.ok) return done.value
  const why = 'problems' in done.refusal ? `: ${done.refusal.problems.join('; ')}` : ''
  throw new Error(`the simulator of ${channel} gives settings that do not fit the plugin${why}`)
}

async function openPassages(
  core: Core,
  { appId }: DemoApp,
  ways: readonly string[],
  accountId: AccountId,
): Promise<void> {
  for (const way of ways) {
    const passage = { appId: appId as AppId, way, accountId }
    await openPassage(core, { ...passage, feePartsPerMillion: FEE_PARTS_PER_MILLION })
  }
}

async function bindAll(
  core: Core,
  app: DemoApp,
  groupId: number,
  channel: string,
  receivers: readonly SplitReceiver[],
): Promise<boolean> {
  for (const receiver of receivers) {
    if (!(await bind(core, app, groupId, channel, receiver))) return false
  }
  return true
}

async function bind(
  core: Core,
  { appId }: DemoApp,
  groupId: number,
  channel: string,
  receiver: SplitReceiver,
): Promise<boolean> {
  forgetApp(core, appId as AppId)
  const app = await findApp(core, appId as AppId)
  assert(app !== undefined, 'the demo app is there')
  const bound = await bindReceiver(core, app, {
    channel,
    groupId,
    alias: receiver.name ?? receiver.account,
    receiver,
    extInfo: undefined,
    sharePartsPerMillion: SHARE_PARTS_PER_MILLION,
  })
  if (bound.ok && bound.value.kind === 'bound') return true
  // Somebody may have told the channel to misbehave: the next boot tries again.
  core.ports.log.write('warn', 'a receiver of the demo merchant is not bound', { channel })
  return false
}
