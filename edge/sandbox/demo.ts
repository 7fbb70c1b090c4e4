import * as z from 'zod'
import type { Core } from '../../core/core.ts'
import type { AccountId, AppId, MerchantNo } from '../../core/ids.ts'
import {
  changeSettings,
  createAccount,
  openPassage,
  type Settings,
} from '../../core/merchant/accounts.ts'
import { createApp, createMerchant } from '../../core/merchant/merchants.ts'
import type { Books, Simulator } from '../../core/plugin/simulator.ts'
import { transferWay } from '../../core/routing/directory.ts'
import { createGroup } from '../../core/split/receivers.ts'

/** The merchant that a sandbox comes with; its secret guards nothing but simulated money. */
export interface DemoApp {
  readonly mchNo: string
  readonly appId: string
  readonly appSecret: string
}

const demoApp = z.object({ mchNo: z.string(), appId: z.string(), appSecret: z.string() })

/** 0.6 %, what most merchants pay. */
const FEE_PARTS_PER_MILLION = 6_000

/**
 * Finds the demo merchant, or makes it: one app that has every way of every simulated channel.
 * What a later release adds (a channel, a way) is added to an app that is there.
 */
export async function demoMerchant(
  core: Core,
  books: Books,
  simulators: readonly Simulator[],
): Promise<DemoApp> {
  const known = await books.get('demo', 'app')
  const app = known === undefined ? await makeApp(core, books) : demoApp.parse(known)
  for (const simulator of simulators) await openChannel(core, books, app, simulator)
  return app
}

async function makeApp(core: Core, books: Books): Promise<DemoApp> {
  const merchantNo = `M${Math.floor(core.ports.clock.now() / 1_000)}` as MerchantNo
  await createMerchant(core, { merchantNo, name: '演示商户' })
  const { appId, appSecret } = await createApp(core, { merchantNo, name: '演示应用' })
  // JeePay has groups of receivers made in its console. This one gets the first number, 100001.
  await createGroup(core, { merchantNo, name: '演示分账组', isAutomatic: true })
  const app = { mchNo: merchantNo, appId, appSecret }
  await books.update('demo', 'app', () => app)
  return app
}

const openedChannel = z.object({
  accountId: z.custom<AccountId>((id) => typeof id === 'string'),
  settings: z.string(),
  ways: z.string(),
})

async function openChannel(
  core: Core,
  books: Books,
  app: DemoApp,
  simulator: Simulator,
): Promise<void> {
  const { channel } = simulator
  const manifest = core.channels.get(channel)?.manifest
  const entries = Object.keys(manifest?.transfers ?? {})
  const ways = [
    ...Object.keys(manifest?.ways ?? {}),
    ...entries.map((entry) => transferWay(channel, entry)),
  ]
  const known = openedChannel.safeParse(await books.get('demo-channel', channel))
  const settings = await simulator.demoSettings()
  const wanted = { settings: JSON.stringify(settings), ways: ways.join(' ') }
  const isAsWanted = known.data?.settings === wanted.settings && known.data.ways === wanted.ways
  if (isAsWanted) return

  const accountId = await demoAccount(core, app, channel, settings, known.data)
  for (const way of ways) {
    const appId = app.appId as AppId
    await openPassage(core, { appId, way, accountId, feePartsPerMillion: FEE_PARTS_PER_MILLION })
  }
  await books.update('demo-channel', channel, () => ({ accountId, ...wanted }))
}

async function demoAccount(
  core: Core,
  app: DemoApp,
  channel: string,
  settings: Settings,
  known: z.output<typeof openedChannel> | undefined,
): Promise<AccountId> {
  const owner = { kind: 'merchant', no: app.mchNo as MerchantNo } as const
  const opened =
    known === undefined
      ? await createAccount(core, owner, channel, settings)
      : await changeSettings(core, known.accountId, settings)
  if (!opened.ok) {
    throw new Error(`the simulator of ${channel} gives settings that do not fit the plugin`)
  }
  return known?.accountId ?? (opened.value as AccountId)
}
