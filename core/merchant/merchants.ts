import { eq } from 'drizzle-orm'
import type { Core } from '../core.ts'
import type { AppId, MerchantNo, ServiceProviderNo } from '../ids.ts'
import type { LatePolicy } from '../payment/state.ts'
import { assert } from '../result.ts'
import { raiseConfigRevision } from '../routing/config-revision.ts'
import { seal } from '../sealing/seal.ts'
import { toHex } from '../signing/hex.ts'
import { apps, merchants, serviceProviders } from '../store/schema.ts'
import { newAppSecret } from './secrets.ts'

export interface NewApp {
  readonly appId: AppId
  /** Shown once; afterwards only its sealed form exists. */
  readonly appSecret: string
}

/** @param merchantNo `M` and digits by JeePay's custom; any text that is not taken will do */
export async function createMerchant(
  { ports, store }: Core,
  merchant: { readonly merchantNo: string; readonly name: string },
): Promise<MerchantNo> {
  const merchantNo = merchant.merchantNo as MerchantNo
  await store.write.batch([
    store.write.insert(merchants).values({
      merchantNo,
      name: merchant.name,
      state: 'active',
      createdAtMs: ports.clock.now(),
    }),
    raiseConfigRevision(store),
  ])
  return merchantNo
}

export async function createApp(
  core: Core,
  app: {
    readonly merchantNo: MerchantNo
    readonly name: string
    readonly latePolicy?: LatePolicy
    readonly notifiesEveryEnd?: boolean
  },
): Promise<NewApp> {
  const { ports, store } = core
  const appId = toHex(ports.random.bytes(12)) as AppId
  const appSecret = newAppSecret(core)
  const { merchantNo, name, latePolicy = 'accept', notifiesEveryEnd = false } = app
  await store.write.batch([
    store.write.insert(apps).values({
      appId,
      merchantNo,
      name,
      state: 'active',
      secretSealed: await seal(ports.keyRing, `app/${appId}/secret`, appSecret),
      latePolicy,
      notifiesEveryEnd,
      createdAtMs: ports.clock.now(),
    }),
    raiseConfigRevision(store),
  ])
  return { appId, appSecret }
}

export async function setMerchantState(
  { store }: Core,
  merchantNo: MerchantNo,
  state: 'active' | 'disabled',
): Promise<void> {
  await store.write.batch([
    store.write.update(merchants).set({ state }).where(eq(merchants.merchantNo, merchantNo)),
    raiseConfigRevision(store),
  ])
}

/** What an app can be told after it was made. */
export interface AppChange {
  readonly latePolicy?: LatePolicy
  /** How old a signed request may be; none: not judged. */
  readonly replayWindowMs?: number | null
  readonly notifiesEveryEnd?: boolean
  readonly state?: 'active' | 'disabled'
}

/** Heard by the next request everywhere. @returns whether there is such an app */
export async function changeApp(
  { store }: Core,
  appId: AppId,
  change: AppChange,
): Promise<boolean> {
  const [changed] = await store.write.batch([
    store.write
      .update(apps)
      .set(change)
      .where(eq(apps.appId, appId))
      .returning({ appId: apps.appId }),
    raiseConfigRevision(store),
  ])
  return changed.length === 1
}

/** @param serviceProviderNo `V` and digits by custom */
export async function createServiceProvider(
  { ports, store }: Core,
  provider: { readonly serviceProviderNo: string; readonly name: string },
): Promise<ServiceProviderNo> {
  const serviceProviderNo = provider.serviceProviderNo as ServiceProviderNo
  await store.write.batch([
    store.write.insert(serviceProviders).values({
      serviceProviderNo,
      name: provider.name,
      state: 'active',
      createdAtMs: ports.clock.now(),
    }),
  ])
  return serviceProviderNo
}

export async function hasMerchant({ store }: Core, merchantNo: MerchantNo): Promise<boolean> {
  const [found] = await store.read.batch([
    store.read
      .select({ merchantNo: merchants.merchantNo })
      .from(merchants)
      .where(eq(merchants.merchantNo, merchantNo)),
  ])
  return found.length === 1
}

export async function hasServiceProvider(
  { store }: Core,
  serviceProviderNo: ServiceProviderNo,
): Promise<boolean> {
  const [found] = await store.read.batch([
    store.read
      .select({ no: serviceProviders.serviceProviderNo })
      .from(serviceProviders)
      .where(eq(serviceProviders.serviceProviderNo, serviceProviderNo)),
  ])
  return found.length === 1
}

export async function setAppState(
  { store }: Core,
  appId: AppId,
  state: 'active' | 'disabled',
): Promise<void> {
  await store.write.batch([
    store.write.update(apps).set({ state }).where(eq(apps.appId, appId)),
    raiseConfigRevision(store),
  ])
}

/**
 * Gives an app a replay window, or takes it away with null. For merchants whose clients send the true
 * time as `reqTime`, and sign each request anew.
 */
export async function setReplayWindow(
  { store }: Core,
  appId: AppId,
  replayWindowMs: number | null,
): Promise<void> {
  assert(
    replayWindowMs === null || (Number.isSafeInteger(replayWindowMs) && replayWindowMs > 0),
    'a replay window is whole milliseconds, more than none',
  )
  await store.write.batch([
    store.write.update(apps).set({ replayWindowMs }).where(eq(apps.appId, appId)),
    raiseConfigRevision(store),
  ])
}
