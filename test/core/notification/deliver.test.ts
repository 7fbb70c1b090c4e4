import { describe, expect, it } from 'vitest'
import type { HttpAnswer } from '../../../core/ports.ts'
import { signJeepay } from '../../../core/signing/jeepay.ts'
import { DAY_MS, MINUTE_MS, SECOND_MS } from '../../../core/time.ts'
import { NOTIFY_URL, openShop, type Shop, saying } from '../../kit/shop.ts'

const SILENCE: HttpAnswer = { kind: 'unknown', evidence: 'timeout' }

/** A shop with a payment whose merchant gives these answers, then `success`. */
async function told(answers: readonly HttpAnswer[], fields = {}) {
  const shop = await openShop()
  const payOrderId = await shop.orders(fields)
  shop.merchantAnswers.push(...answers)
  await shop.payerPays(payOrderId)
  return { shop, payOrderId, startMs: shop.clock.now() }
}

const secondsTold = (shop: Shop, startMs: number) =>
  shop.told.map(({ atMs }) => Math.round((atMs - startMs) / 1000))

async function outbox(shop: Shop) {
  const sql = 'select state, tries from outbox'
  const [rows] = await shop.database.batch([{ sql, args: [] }], 'read')
  return rows
}

describe('telling a merchant', () => {
  it('posts a form: the fields of the query, the time and a sign that covers them all', async () => {
    const { shop, payOrderId } = await told([], { mchOrderNo: 'A1', extParam: 'a&b=c+d 中' })
    expect(shop.told).toHaveLength(1)
    const { sign, ...fields } = shop.told[0]?.fields ?? {}
    expect(fields).toEqual({
      payOrderId,
      mchNo: 'M1',
      appId: shop.app.appId,
      mchOrderNo: 'A1',
      ifCode: 'bank',
      wayCode: 'WX_NATIVE',
      amount: '1000',
      currency: 'CNY',
      state: '2',
      clientIp: '127.0.0.1',
      subject: '测试商品',
      body: '测试商品描述',
      channelOrderNo: `B${payOrderId}`,
      extParam: 'a&b=c+d 中',
      successTime: '1767225600000',
      createdAt: '1767225600000',
      reqTime: '1767225600000',
    })
    expect(sign).toBe(signJeepay(Object.entries(fields), shop.app.appSecret))
  })

  it('signs so that it also verifies where the form has empty fields', async () => {
    const { shop } = await told([])
    const { sign, ...fields } = shop.told[0]?.fields ?? {}
    const withEmpty = Object.entries({ ...fields, extParam: '', errCode: '' })
    expect(sign).toBe(signJeepay(withEmpty, shop.app.appSecret))
  })

  it('keeps the query of the address in the address, and out of the form', async () => {
    const notifyUrl = 'https://shop.example/notify?shop=7&x=%E4%B8%80'
    const { shop } = await told([], { notifyUrl })
    expect(shop.told[0]?.url).toBe(notifyUrl)
    expect(shop.told[0]?.fields).not.toHaveProperty('shop')
  })

  it('does not happen without an address', async () => {
    const { shop } = await told([], { notifyUrl: '' })
    await shop.passes(DAY_MS, MINUTE_MS)
    expect(shop.told).toEqual([])
    expect(await outbox(shop)).toEqual([])
  })

  it('happens at 0, 30, 90, 180, 300 and 450 seconds, as JeePay does it, then ever more seldom', async () => {
    const { shop, startMs } = await told(Array.from({ length: 100 }, () => saying('fail')))
    await shop.passes(452 * SECOND_MS, SECOND_MS)
    expect(secondsTold(shop, startMs)).toEqual([0, 30, 90, 180, 300, 450])
    await shop.passes(80 * 3_600 * SECOND_MS, 5 * MINUTE_MS)
    expect(shop.told).toHaveLength(17)
    const hours = (shop.told.at(-1)?.atMs ?? 0) - startMs
    expect(hours).toBeGreaterThan(64 * 3_600_000)
    expect(hours).toBeLessThan(80 * 3_600_000)
    expect(await outbox(shop)).toEqual([['exhausted', 17]])
    await shop.passes(5 * DAY_MS, 3_600_000)
    expect(shop.told).toHaveLength(17)
  })

  it('says the same each time, to the byte: same time, same sign', async () => {
    const { shop } = await told([saying('fail'), SILENCE, saying('')])
    await shop.passes(10 * MINUTE_MS)
    expect(shop.told).toHaveLength(4)
    const fields = shop.told.map(({ fields }) => JSON.stringify(fields))
    expect(new Set(fields).size).toBe(1)
  })

  it('keeps what was answered with each try', async () => {
    const { shop } = await told([saying('x'.repeat(5_000), 500), SILENCE])
    await shop.passes(5 * MINUTE_MS)
    const sql = 'select number, status, answer, problem from deliveries order by number'
    const [rows] = await shop.database.batch([{ sql, args: [] }], 'read')
    expect(rows).toEqual([
      [1, 500, 'x'.repeat(200), null],
      [2, null, null, 'timeout'],
      [3, 200, 'success', null],
    ])
  })
})

describe('a runner that tells', () => {
  it('tells again after its lease when it died between telling and writing that down', async () => {
    let isDead = false
    const shop = await openShop({
      wrapDatabase: (database) => ({
        batch: (statements, mode) =>
          isDead ? Promise.reject(new Error('dead')) : database.batch(statements, mode),
      }),
    })
    const payOrderId = await shop.orders()
    shop.merchantHears = () => {
      isDead = true
    }
    await shop.payerPays(payOrderId)
    expect(shop.told).toHaveLength(1)
    shop.merchantHears = () => undefined
    isDead = false
    shop.restarts()
    await shop.passes(19 * SECOND_MS, SECOND_MS)
    expect(shop.told).toHaveLength(1)
    await shop.passes(2 * SECOND_MS, SECOND_MS)
    expect(shop.told).toHaveLength(2)
    expect(await outbox(shop)).toEqual([['delivered', 2]])
  })

  it('is one of many', async () => {
    const { shop } = await told([saying('fail')])
    await shop.clock.advance(30 * SECOND_MS)
    await Promise.all(Array.from({ length: 10 }, () => shop.sweeps()))
    expect(shop.told).toHaveLength(2)
  })

  it('does not tell before it is time, or what has been heard', async () => {
    const { shop } = await told([saying('fail')])
    const sql = 'select notification_id from outbox'
    const [rows] = await shop.database.batch([{ sql, args: [] }], 'read')
    const id = rows?.[0]?.[0] as never
    expect(await shop.gateway.deliver(id)).toBe(false)
    await shop.clock.advance(30 * SECOND_MS)
    expect(await shop.gateway.deliver(id)).toBe(true)
    expect(await shop.gateway.deliver(id)).toBe(false)
    expect(await shop.gateway.deliver('N0' as never)).toBe(false)
  })

  it('does not go where it must not, even if the address was taken before that was forbidden', async () => {
    const { shop } = await told([saying('fail')])
    const sql = "update outbox set url = 'http://169.254.169.254/'"
    await shop.database.batch([{ sql, args: [] }], 'write')
    await shop.passes(MINUTE_MS)
    expect(shop.told.map(({ url }) => url)).toEqual([NOTIFY_URL])
    const [rows] = await shop.database.batch(
      [{ sql: 'select problem from deliveries where number = 2', args: [] }],
      'read',
    )
    expect(rows).toEqual([['not sent: it is a private address']])
  })

  it('may go anywhere in a deployment that says so', async () => {
    const shop = await openShop({ allowsPrivateTargets: true })
    const payOrderId = await shop.orders({ notifyUrl: 'http://127.0.0.1:3000/notify' })
    await shop.payerPays(payOrderId)
    expect(shop.told.map(({ url }) => url)).toEqual(['http://127.0.0.1:3000/notify'])
  })
})
