import * as z from 'zod'
import type { Alipay } from '../settings.ts'
import { type Shelf, shelf } from '../shelf.ts'
import { DEMO_PROVIDER, DEMO_SELLER } from './apps.ts'

const seller = z.object({
  sellerId: z.string().regex(/^2088\d{12}$/),
  name: z.string(),
  email: z.string(),
  /** What the account held before the first trade. `null`: so much that it never runs short. */
  openingFen: z.number().nullable(),
})

/** A merchant's account: money comes to it and goes from it. */
export type Seller = z.output<typeof seller>

/** Below the demo service provider. */
export const DEMO_SUB_SELLERS = ['2088000000000011', '2088000000000012'] as const

export async function sellerOf(alipay: Alipay, sellerId: string): Promise<Seller | undefined> {
  const enrolled = await sellers(alipay).get(sellerId)
  return enrolled ?? BUILT_IN.find((known) => known.sellerId === sellerId)
}

export async function listSellers(alipay: Alipay): Promise<readonly Seller[]> {
  const enrolled = (await sellers(alipay).list()).map(({ document }) => document)
  const ids = new Set(enrolled.map(({ sellerId }) => sellerId))
  return [...BUILT_IN.filter(({ sellerId }) => !ids.has(sellerId)), ...enrolled]
}

/** Makes a further merchant known, or replaces what is known of one, the demo merchant's too. */
export async function enrolSeller(alipay: Alipay, newcomer: Seller): Promise<void> {
  const parsed = seller.parse(newcomer)
  await sellers(alipay).put(parsed.sellerId, parsed)
}

const sellers = ({ books }: Alipay): Shelf<Seller> => shelf(books, 'seller', seller)

function shop(sellerId: string, name: string, email: string): Seller {
  return { sellerId, name, email, openingFen: null }
}

const BUILT_IN: readonly Seller[] = [
  shop(DEMO_SELLER, '演示商户', 'shop@example.com'),
  shop(DEMO_PROVIDER, '演示服务商', 'provider@example.com'),
  shop(DEMO_SUB_SELLERS[0], '演示子商户一', 'one@example.com'),
  shop(DEMO_SUB_SELLERS[1], '演示子商户二', 'two@example.com'),
]
