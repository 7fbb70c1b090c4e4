import * as z from 'zod'
import { demoKeys } from './demo-keys.ts'
import type { Wechat } from './settings.ts'
import { type Shelf, shelf } from './shelf.ts'

const mchid = z.string().regex(/^\d{6,32}$/)

const subMerchant = z.object({
  mchid,
  /** Apps of its own that the provider has bound to it. */
  appids: z.array(z.string()).default([]),
  /** How much of an order it lets the provider share out, in parts of 10,000. */
  maxSplitRatio: z.int().min(0).max(10_000).default(3_000),
})

const merchant = z.object({
  mchid,
  /** Apps that are bound to the merchant. */
  appids: z.array(z.string()),
  /** Of those apps, for finding out a payer's openid. */
  appSecrets: z.record(z.string(), z.string()).default({}),
  apiV3Key: z.string().regex(/^[0-9A-Za-z]{32}$/),
  /** Without it the merchant cannot call APIv2. */
  apiV2Key: z
    .string()
    .regex(/^[0-9A-Za-z]{32}$/)
    .nullable()
    .default(null),
  /** API certificates, by serial: during their own rotation a merchant has two. Keys are SPKI PEM. */
  certificates: z.array(z.object({ serial: z.string(), publicKey: z.string() })),
  verification: z.enum(['public_key', 'certificates', 'both']),
  /** Whoever has some is a service provider. */
  subMerchants: z.array(subMerchant).default([]),
  /** How much of its orders it shares out at most, in parts of 10,000. */
  maxSplitRatio: z.int().min(0).max(10_000).default(3_000),
  /** Where it hears of shares that it receives: set in the merchant console. */
  splitCallbackUrl: z.string().nullable().default(null),
  /** What it may transfer money for; `null` is everything that WeChat knows. */
  transferScenes: z.array(z.string()).nullable().default(null),
})

export type Merchant = z.output<typeof merchant>
/** What has to be said of a merchant to make it known. */
export type NewMerchant = z.input<typeof merchant>

/** @returns undefined when WeChat knows no such merchant, or only as somebody's sub-merchant */
export async function merchantOf(wechat: Wechat, mchid: string): Promise<Merchant | undefined> {
  return demoMerchants(wechat).find((demo) => demo.mchid === mchid) ?? enrolled(wechat).get(mchid)
}

export async function listMerchants(wechat: Wechat): Promise<readonly Merchant[]> {
  const others = await enrolled(wechat).list()
  return [...demoMerchants(wechat), ...others.map(({ document }) => document)]
}

/** Makes a further merchant known, or replaces what is known of one. */
export async function enrol(wechat: Wechat, newcomer: NewMerchant): Promise<void> {
  const parsed = merchant.parse(newcomer)
  if (demoMerchants(wechat).some((demo) => demo.mchid === parsed.mchid)) {
    throw new Error('the demo merchant is always enrolled')
  }
  await enrolled(wechat).put(parsed.mchid, parsed)
}

const enrolled = ({ books }: Wechat): Shelf<Merchant> => shelf(books, 'merchant', merchant)

/** A merchant, and a service provider with two sub-merchants. */
function demoMerchants({ settings }: Wechat): readonly Merchant[] {
  const { merchant, provider } = demoKeys(settings.rsaBits)
  return [merchant, provider].map((demo) => ({
    mchid: demo.mchid,
    appids: [...demo.appids],
    appSecrets: Object.fromEntries(demo.appids.map((appid) => [appid, DEMO_APP_SECRET])),
    apiV3Key: demo.apiV3Key,
    apiV2Key: demo.apiV2Key,
    certificates: [{ serial: demo.serial, publicKey: demo.publicKey }],
    verification: settings.verification,
    subMerchants: demo.subMerchants.map((sub) => ({ ...sub, appids: [...sub.appids] })),
    maxSplitRatio: 3_000,
    splitCallbackUrl: null,
    transferScenes: null,
  }))
}

export const DEMO_APP_SECRET = 'd0123456789abcdef0123456789abcde'
