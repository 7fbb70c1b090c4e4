import * as z from 'zod'
import type { Core } from '../../core/core.ts'
import type { AppId, MerchantNo } from '../../core/ids.ts'
import { createAccount, openPassage } from '../../core/merchant/accounts.ts'
import { createApp, createMerchant } from '../../core/merchant/merchants.ts'
import type { Books, Simulator } from '../../core/plugin/simulator.ts'

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
  const app = { mchNo: merchantNo, appId, appSecret }
  await books.update('demo', 'app', () => app)
  return app
}

async function openChannel(
  core: Core,
  books: Books,
  app: DemoApp,
  simulator: Simulator,
): Promise<void> {
  const ways = Object.keys(core.channels.get(simulator.channel)?.manifest.ways ?? {})
  const opened = await books.get('demo-channel', simulator.channel)
  if (opened === ways.join(' ')) return
  const account = await createAccount(
    core,
    { kind: 'merchant', no: app.mchNo as MerchantNo },
    simulator.channel,
    await simulator.demoSettings(),
  )
  if (!account.ok) {
    throw new Error(`the simulator of ${simulator.channel} gives settings that do not fit`)
  }
  for (const way of ways) {
    await openPassage(core, {
      appId: app.appId as AppId,
      way,
      accountId: account.value,
      feePartsPerMillion: FEE_PARTS_PER_MILLION,
    })
  }
  await books.update('demo-channel', simulator.channel, () => ways.join(' '))
}
