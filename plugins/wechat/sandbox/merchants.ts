import * as z from 'zod'
import { DEMO_MERCHANT } from './keys.ts'
import type { Wechat } from './settings.ts'
import { type Shelf, shelf } from './shelf.ts'

const merchant = z.object({
  mchid: z.string().regex(/^\d{6,32}$/),
  /** Apps that are bound to the merchant. */
  appids: z.array(z.string()),
  apiV3Key: z.string().regex(/^[0-9A-Za-z]{32}$/),
  /** API certificates, by serial: during their own rotation a merchant has two. Keys are SPKI PEM. */
  certificates: z.array(z.object({ serial: z.string(), publicKey: z.string() })),
  verification: z.enum(['public_key', 'certificates', 'both']),
})

export type Merchant = z.output<typeof merchant>

/** @returns undefined when WeChat knows no such merchant */
export async function merchantOf(wechat: Wechat, mchid: string): Promise<Merchant | undefined> {
  return mchid === DEMO_MERCHANT.mchid ? demoMerchant(wechat) : enrolled(wechat).get(mchid)
}

export async function listMerchants(wechat: Wechat): Promise<readonly Merchant[]> {
  const others = await enrolled(wechat).list()
  return [demoMerchant(wechat), ...others.map(({ document }) => document)]
}

/** Makes a further merchant known, or replaces what is known of one. */
export async function enrol(wechat: Wechat, newcomer: Merchant): Promise<void> {
  const parsed = merchant.parse(newcomer)
  if (parsed.mchid === DEMO_MERCHANT.mchid) throw new Error('the demo merchant is always enrolled')
  await enrolled(wechat).put(parsed.mchid, parsed)
}

const enrolled = ({ books }: Wechat): Shelf<Merchant> => shelf(books, 'merchant', merchant)

function demoMerchant({ settings }: Wechat): Merchant {
  const { mchid, appids, apiV3Key, serial, publicKey } = DEMO_MERCHANT
  return {
    mchid,
    appids: [...appids],
    apiV3Key,
    certificates: [{ serial, publicKey }],
    verification: settings.verification,
  }
}
