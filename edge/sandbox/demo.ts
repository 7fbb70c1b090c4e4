import { eq } from 'drizzle-orm'
import * as z from 'zod'
import type { Core } from '../../core/core.ts'
import type { MerchantNo } from '../../core/ids.ts'
import { createApp, createMerchant } from '../../core/merchant/merchants.ts'
import type { Books, Simulator } from '../../core/plugin/simulator.ts'
import { fingerprintOf } from '../../core/signing/fingerprint.ts'
import { createGroup } from '../../core/split/receivers.ts'
import { splitGroups } from '../../core/store/schema.ts'
import { openBelowProvider, openDirect, worldOf } from './demo-channel.ts'

/** The merchant that a sandbox comes with; its secret guards nothing but simulated money. */
export interface DemoApp {
  readonly mchNo: string
  readonly appId: string
  readonly appSecret: string
}

/** All that the demo merchant has: one app of its own account, and some below service providers. */
export interface DemoMerchant {
  readonly app: DemoApp
  readonly belowProvider: readonly DemoApp[]
}

const demoApp = z.object({ mchNo: z.string(), appId: z.string(), appSecret: z.string() })

const known = z.object({
  app: demoApp,
  belowProvider: z.array(demoApp),
  fingerprint: z.string(),
})

/**
 * Finds the demo merchant, or makes it: one app that has every way of every simulated channel,
 * everybody that shares can go to, and an app for each place below the simulated service providers.
 * What a later release adds (a channel, a way) is added to a merchant that is there.
 *
 * One read when there is nothing new: on workerd each request opens its sandbox.
 */
export async function demoMerchant(
  core: Core,
  books: Books,
  simulators: readonly Simulator[],
): Promise<DemoMerchant> {
  const worlds = await Promise.all(simulators.map((simulator) => worldOf(core, simulator)))
  const fingerprint = await fingerprintOf({ worlds: JSON.stringify(worlds) })
  const before = known.safeParse(await books.get('demo', 'merchant'))
  if (before.data?.fingerprint === fingerprint) return before.data

  const app = (await knownApp(books, 'app')) ?? (await makeMerchant(core, books))
  const groupId = await automaticGroup(core, app.mchNo as MerchantNo)
  const bound: boolean[] = []
  for (const world of worlds) bound.push(await openDirect(core, books, { app, groupId, world }))
  const belowProvider: DemoApp[] = []
  const places = Math.max(0, ...worlds.map((world) => world.belowProvider.length))
  for (let place = 0; place < places; place += 1) {
    const sub = (await knownApp(books, belowId(place))) ?? (await makeApp(core, books, app, place))
    for (const world of worlds) {
      bound.push(await openBelowProvider(core, books, { app: sub, groupId, world, place }))
    }
    belowProvider.push(sub)
  }
  // A receiver that a misbehaving channel did not take is tried again.
  if (bound.every(Boolean)) {
    const document = { app: { ...app }, belowProvider: belowProvider.map((one) => ({ ...one })) }
    await books.update('demo', 'merchant', () => ({ ...document, fingerprint }))
  }
  return { app, belowProvider }
}

async function knownApp(books: Books, id: string): Promise<DemoApp | undefined> {
  const known = await books.get('demo', id)
  return known === undefined ? undefined : demoApp.parse(known)
}

const belowId = (place: number) => `app-below-provider-${place}`

async function makeMerchant(core: Core, books: Books): Promise<DemoApp> {
  const merchantNo = `M${Math.floor(core.ports.clock.now() / 1_000)}` as MerchantNo
  await createMerchant(core, { merchantNo, name: '演示商户' })
  const app = { mchNo: merchantNo, ...(await createApp(core, { merchantNo, name: '演示应用' })) }
  await books.update('demo', 'app', () => ({ ...app }))
  return app
}

async function makeApp(
  core: Core,
  books: Books,
  { mchNo }: DemoApp,
  place: number,
): Promise<DemoApp> {
  const name = `演示特约商户应用 ${place + 1}`
  const made = await createApp(core, { merchantNo: mchNo as MerchantNo, name })
  const app = { mchNo, ...made }
  await books.update('demo', belowId(place), () => ({ ...app }))
  return app
}

/** JeePay has groups of receivers made in its console. This one gets the first number, 100001. */
async function automaticGroup(core: Core, merchantNo: MerchantNo): Promise<number> {
  const { read } = core.store
  const [found] = await read.batch([
    read
      .select({ groupId: splitGroups.groupId })
      .from(splitGroups)
      .where(eq(splitGroups.merchantNo, merchantNo))
      .limit(1),
  ])
  const known = found[0]?.groupId
  return known ?? createGroup(core, { merchantNo, name: '演示分账组', isAutomatic: true })
}
