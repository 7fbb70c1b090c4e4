import { expect } from 'vitest'
import { type Heard, isSigned, type MerchantServer } from '../../kit/merchant-server.ts'
import type { Rows } from '../../kit/rows.ts'
import type { Ordered, ServedGateway, Storefront } from '../../kit/storefront.ts'
import { until } from '../../kit/until.ts'

export interface SandboxGateway extends ServedGateway {
  readonly databaseUrl: string
  /** What it has printed so far; nothing where it cannot be read. */
  output(): string
  stop(): Promise<void>
}

export interface LiveGateway {
  readonly baseUrl: string
  stop(): Promise<void>
}

/** A running gateway with all who deal with it. */
export interface World {
  readonly gateway: SandboxGateway
  readonly merchant: MerchantServer
  readonly shop: Storefront
  readonly rows: Rows
}

export type Here = () => World

/**
 * The merchant is told of a success, exactly once: one notification, one try, nothing waiting.
 *
 * @returns what arrived
 */
export async function toldOnceOfSuccess(
  { shop }: World,
  { payOrderId, inbox }: Ordered,
): Promise<Heard> {
  const { notifications } = await until(async () => {
    await shop.sandbox.ticks()
    const order = await shop.sandbox.order(payOrderId)
    return order.notifications.some(({ state }) => state === 'delivered') ? order : undefined
  }, `the merchant to be told of ${payOrderId}`)
  expect(notifications).toMatchObject([
    { kind: 'payment.succeeded', state: 'delivered', tries: [{ number: 1, answer: 'success' }] },
  ])
  expect(inbox.heard).toHaveLength(1)
  const [heard] = inbox.heard
  if (heard === undefined) throw new Error('nothing was heard')
  expect(isSigned(heard, shop.app.appSecret)).toBe(true)
  expect(heard.fields).toMatchObject({ payOrderId, state: '2', amount: '1000' })
  return heard
}

/** What came of it: paid, and for as much as was asked. */
export async function endsPaid(world: World, ordered: Ordered): Promise<void> {
  await toldOnceOfSuccess(world, ordered)
  expect(await world.shop.sees(ordered.payOrderId)).toMatchObject({ state: 2, amount: 1_000 })
}

/** Neither a row more nor an event: whatever was sent had no effect. */
export async function withoutEffect<Answer>(
  { rows }: World,
  send: () => Promise<Answer>,
): Promise<Answer> {
  const before = await rows.counts()
  const answer = await send()
  expect(await rows.counts()).toEqual(before)
  return answer
}

/** Errors speak of the request, and never of what is inside. */
export function expectNothingInside(text: string, { shop }: World): void {
  expect(text).not.toMatch(/\.[jt]s\b|node_modules|\n\s+at |SQLITE|Error:/)
  expect(text).not.toContain(shop.app.appSecret)
}
