import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { MINUTE_MS } from '../../core/time.ts'
import type { Qstash } from '../kit/qstash.ts'
import { serveQstash } from '../kit/qstash-server.ts'
import { sqldMissing } from '../kit/sqld.ts'
import type { Ordered } from '../kit/storefront.ts'
import { succeeded } from '../kit/storefront.ts'
import { until } from '../kit/until.ts'
import { type Deployment, openDeployment } from './deployment.ts'

const missing = sqldMissing()

describe.skipIf(missing !== undefined)(missing ?? 'a Worker whose QStash goes away', () => {
  let qstash: Qstash & { close(): Promise<void> }
  let deployment: Deployment
  beforeAll(async () => {
    deployment = await openDeployment(async (now) => {
      qstash = await serveQstash({ now })
      // Its SDK judges signatures by the machine's clock, which is not put forward.
      qstash.faults.tampers = (call) => ({ ...call, issuedAt: Math.floor(Date.now() / 1_000) })
      const { url, token, currentSigningKey, nextSigningKey } = qstash.account
      return {
        settings: {
          TONGBAO_TIMER: 'qstash',
          QSTASH_URL: url,
          QSTASH_TOKEN: token,
          QSTASH_CURRENT_SIGNING_KEY: currentSigningKey,
          QSTASH_NEXT_SIGNING_KEY: nextSigningKey,
        },
      }
    })
  }, 180_000)
  afterAll(async () => {
    await deployment.ends()
    await qstash.close()
  })

  /** Orders that are taken and paid. */
  async function paid(count: number): Promise<readonly Ordered[]> {
    const { shop } = deployment
    const orders = await Promise.all(Array.from({ length: count }, () => shop.orders()))
    for (const { payOrderId } of orders) await deployment.pays(payOrderId)
    for (const { payOrderId } of orders) {
      expect(await shop.sees(payOrderId)).toMatchObject({ state: 2 })
    }
    return orders
  }
  const areTold = (orders: readonly Ordered[], times: number) =>
    orders.every(({ inbox }) => inbox.heard.length >= times)
  const heardBy = (orders: readonly Ordered[]) => orders.map(({ inbox }) => inbox.heard.length)
  const untold = () => deployment.rows(`select 1 from outbox where state <> 'delivered'`)

  it('is woken by it as long as it is there', async () => {
    const orders = await paid(2)
    await until(async () => {
      await qstash.tick()
      return areTold(orders, 1)
    }, 'merchants to be told')
    expect(heardBy(orders)).toEqual([1, 1])
    expect(await deployment.health()).toMatchObject({ status: 'ok', timer: 'reachable' })
  })

  it('takes orders, payments and refunds without it, and tells of them by its sweep', async () => {
    qstash.faults.api = 'away'
    const orders = await paid(4)
    await until(async () => (await deployment.health()).status === 'degraded', 'that to be seen')
    expect(await deployment.health()).toMatchObject({ timer: 'unreachable' })
    const back = deployment.merchant.inbox()
    const [first] = orders
    const asked = { notifyUrl: back.url }
    succeeded(await deployment.shop.refunds(String(first?.payOrderId), asked))
    await deployment.settles(() => areTold(orders, 1) && back.heard.length > 0, 'all to be told')
    expect(heardBy(orders)).toEqual([1, 1, 1, 1])
    expect(back.heard).toHaveLength(1)
  })

  it('makes later tries by its sweep too, each once', async () => {
    const orders = await paid(2)
    for (const { inbox } of orders) inbox.reacts({ status: 500, body: 'not now' })
    await deployment.settles(() => areTold(orders, 3), 'three tries')
    // JeePay’s gaps of 30 and 60 seconds, each at most a sweep late.
    for (const { inbox } of orders) inbox.reacts('success')
    await deployment.settles(async () => (await untold()).length === 0, 'all to be heard')
    const [tries] = await deployment.rows('select count(*) from deliveries')
    expect(tries).toEqual([2 + 5 + heardBy(orders).reduce((sum, count) => sum + count, 0)])
    expect(qstash.waiting).toEqual([])
  })

  it('tells nothing twice when QStash loses its answers and then calls three times for each try', async () => {
    qstash.faults.api = 'loses answers'
    qstash.faults.copies = 3
    qstash.faults.order = 'backwards'
    const orders = await paid(4)
    await until(() => qstash.waiting.length === 4, 'messages that it did take')
    // The sweep comes first, then all that QStash was told of.
    await deployment.settles(() => areTold(orders, 1), 'merchants to be told')
    const before = qstash.calls.length
    await qstash.tick()
    const statuses = qstash.calls.slice(before).map(({ status }) => status)
    expect(statuses).toEqual(Array.from({ length: 12 }, () => 200))
    expect(heardBy(orders)).toEqual([1, 1, 1, 1])
  })

  it('takes over again when it is back, with what is left of the schedule', async () => {
    qstash.faults.api = 'away'
    const orders = await paid(2)
    for (const { inbox } of orders) inbox.reacts({ status: 500, body: 'not now' })
    await deployment.settles(() => areTold(orders, 1), 'the first try')
    qstash.faults.api = 'works'
    qstash.faults.copies = 1
    const before = qstash.waiting.length
    await deployment.settles(() => areTold(orders, 2), 'the second try')
    await until(() => qstash.waiting.length >= before + 2, 'the third to be set by QStash')
    for (const { inbox } of orders) inbox.reacts('success')
    const calls = qstash.calls.length
    await deployment.waits(2 * MINUTE_MS)
    await qstash.tick()
    expect(qstash.calls.length).toBe(calls + 2)
    expect(heardBy(orders)).toEqual([3, 3])
    expect(await untold()).toEqual([])
    for (const { inbox } of orders)
      expect(new Set(inbox.heard.map(({ text }) => text)).size).toBe(1)
    expect(await deployment.health()).toMatchObject({ status: 'ok', timer: 'reachable' })
  })
})
