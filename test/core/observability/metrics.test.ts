import { describe, expect, it } from 'vitest'
import { METRICS } from '../../../core/observability/catalog.ts'
import { codeLabel, count, meterOf } from '../../../core/observability/meter.ts'
import type { Database } from '../../../core/ports.ts'
import { boundedMemory } from '../../../edge/ports/system.ts'
import { bankChannel } from '../../kit/bank-channel.ts'
import { readExposition } from '../../kit/exposition.ts'
import { anOrder, openShop, type Shop, saying, signedRequest } from '../../kit/shop.ts'

const at = (path: string, headers = {}) => new Request(`https://pay.example${path}`, { headers })

async function scraped(shop: Shop) {
  const answer = await shop.gateway.fetch(at('/metrics'))
  expect(answer.headers.get('content-type')).toBe('text/plain; version=0.0.4; charset=utf-8')
  return readExposition(await answer.text())
}

describe('who may read the metrics', () => {
  it('nobody, unless the deployment says so: as if they were not there', async () => {
    const shop = await openShop()
    expect((await shop.gateway.fetch(at('/metrics'))).status).toBe(404)
  })

  it('whoever has the token, and nobody else', async () => {
    const token = 'a token of sixteen'
    const shop = await openShop({ settings: { metrics: { token } } })
    const status = async (authorization?: string) =>
      (await shop.gateway.fetch(at('/metrics', authorization && { authorization }))).status
    expect(await status(`Bearer ${token}`)).toBe(200)
    for (const wrong of [undefined, token, `Bearer ${token}x`, `bearer ${token}`, 'Bearer ']) {
      expect(await status(wrong)).toBe(401)
    }
  })
})

describe('what the metrics tell', () => {
  it('is in the text format, each metric with help and type, also when nothing has happened', async () => {
    const shop = await openShop({ settings: { metrics: 'open' } })
    const { types, values } = await scraped(shop)
    expect([...types.keys()]).toEqual(Object.keys(METRICS))
    expect(values.get('tongbao_oldest_due_seconds{what="payment"}')).toBe(0)
  })

  it('is what became of payments, how long channels took, and whether merchants listened', async () => {
    const shop = await openShop({ settings: { metrics: 'open' } })
    shop.merchantAnswers.push(saying('fail'))
    const paymentId = await shop.orders()
    await shop.payerPays(paymentId)
    await shop.refunds(paymentId)
    await shop.passes(60_000)

    const { values } = await scraped(shop)
    expect(Object.fromEntries(values)).toMatchObject({
      'tongbao_payments_total{channel="bank",outcome="succeeded",way="WX_NATIVE"}': 1,
      'tongbao_refunds_total{channel="bank",outcome="succeeded"}': 1,
      'tongbao_channel_outcomes_total{channel="bank",operation="pay",outcome="requires_action"}': 1,
      'tongbao_channel_seconds_count{channel="bank",operation="pay"}': 1,
      'tongbao_callbacks_total{channel="bank",verdict="accepted"}': 1,
      'tongbao_notifications_total{attempt="1",outcome="not_accepted"}': 1,
      'tongbao_notifications_total{attempt="2",outcome="accepted"}': 1,
      tongbao_sweep_age_seconds: 0,
    })
  })

  it('is how late the work is', async () => {
    const shop = await openShop({ settings: { metrics: 'open' } })
    await shop.orders()
    await shop.sweeps()
    await shop.clock.advance(3_600_000)
    const { values } = await scraped(shop)
    expect(values.get('tongbao_sweep_age_seconds')).toBe(3_600)
    const late = values.get('tongbao_oldest_due_seconds{what="payment"}') ?? 0
    expect(late).toBeGreaterThan(3_500)
    expect(late).toBeLessThanOrEqual(3_600)
  })

  it('is whose signatures did not verify', async () => {
    const shop = await openShop({ settings: { metrics: 'open' } })
    const paymentId = await shop.orders()
    await shop.gateway.fetch(
      new Request(`https://pay.example/api/pay/notify/bank/${paymentId}`, {
        method: 'POST',
        headers: { 'x-bank-sign': 'forged' },
        body: '{}',
      }),
    )
    await shop.asksFor({}, { ...shop.app, appSecret: 'another' })
    const { values } = await scraped(shop)
    expect(values.get('tongbao_verification_failures_total{channel="bank",on="callback"}')).toBe(1)
    expect(values.get('tongbao_verification_failures_total{on="request"}')).toBe(1)
  })

  it('is which codes of a channel nobody has mapped, and which answers did not verify', async () => {
    const error = {
      class: 'unmapped',
      retry: 'never',
      fault: 'channel',
      code: 'NEW_CODE',
      message: 'new',
    } as const
    const channel: typeof bankChannel = {
      ...bankChannel,
      bind(settings) {
        const bound = bankChannel.bind(settings)
        if (!bound.ok) return bound
        const pay = async () =>
          ({ kind: 'unknown', evidence: 'answered', unverified: true, error }) as const
        return { ...bound, value: { ...bound.value, pay } }
      },
    }
    const shop = await openShop({ channel, settings: { metrics: 'open' } })
    await shop.asksFor()
    const { values } = await scraped(shop)
    expect(
      values.get('tongbao_unmapped_codes_total{channel="bank",code="NEW_CODE",operation="pay"}'),
    ).toBe(1)
    expect(values.get('tongbao_verification_failures_total{channel="bank",on="answer"}')).toBe(1)
  })

  it('is the sum over isolates: each adds what it counted, and loses only what it had not added', async () => {
    const shop = await openShop({ settings: { metrics: 'open' } })
    await shop.orders()
    await shop.gateway.keepCounts()
    shop.restarts()
    await shop.orders()
    await shop.gateway.keepCounts()
    shop.restarts()
    await shop.orders()
    shop.restarts()
    const { values } = await scraped(shop)
    expect(values.get('tongbao_channel_seconds_count{channel="bank",operation="pay"}')).toBe(2)
  })

  it('costs a request no round trip, and at most one small write in ten seconds', async () => {
    const shop = await openShop()
    await shop.orders()
    const before = shop.roundTrips()
    await shop.orders()
    expect(shop.roundTrips() - before).toBe(2)
    for (let times = 0; times < 5; times++) await shop.gateway.keepCounts()
    expect(shop.roundTrips() - before).toBe(3)
    await shop.clock.advance(10_000)
    await shop.gateway.keepCounts()
    expect(shop.roundTrips() - before).toBe(3)
    await shop.orders()
    await shop.gateway.keepCounts()
    expect(shop.roundTrips() - before).toBe(6)
  })

  it('is not lost when the database is away for a while', async () => {
    let isAway = false
    const wrapDatabase = (database: Database): Database => ({
      batch: (statements, mode) =>
        isAway ? Promise.reject(new Error('gone')) : database.batch(statements, mode),
    })
    const shop = await openShop({ wrapDatabase, settings: { metrics: 'open' } })
    await shop.orders()
    isAway = true
    await shop.gateway.keepCounts()
    expect((await shop.gateway.fetch(at('/metrics'))).status).toBe(500)
    isAway = false
    const { values } = await scraped(shop)
    expect(values.get('tongbao_channel_seconds_count{channel="bank",operation="pay"}')).toBe(1)
  })
})

describe('the number of series', () => {
  it('is bounded: codes that a channel invents end as one, and hostile text stays text', () => {
    const core = { ports: { memory: boundedMemory(10) } }
    for (let number = 0; number < 500; number++) {
      const code = codeLabel(core, `C${number}`)
      count(core, 'tongbao_unmapped_codes_total', { channel: 'bank', code, operation: 'pay' })
    }
    expect(codeLabel(core, 'a"} 1\nevil 2')).toBe('other')
    expect(codeLabel(core, 'x'.repeat(49))).toBe('other')
    expect(meterOf(core).counts.size).toBe(101)
    count(core, 'tongbao_payments_total', { channel: 'a"b\\c\nd', outcome: 'x', way: 'w' })
    expect([...meterOf(core).counts.keys()].at(-1)).toBe(
      'tongbao_payments_total channel="a\\"b\\\\c\\nd",outcome="x",way="w"',
    )
    for (let number = 0; number < 10_000; number++) {
      count(core, 'tongbao_payments_total', { channel: `${number}`, outcome: 'x', way: 'w' })
    }
    expect(meterOf(core).counts.size).toBe(5_000)
  })
})

describe('the checker of this test', () => {
  it.each([
    ['no end of line', '# HELP a b\n# TYPE a counter\na 1'],
    ['a sample without its type', 'a 1\n'],
    ['a series twice', '# HELP a b\n# TYPE a counter\na 1\na 1\n'],
    ['a quote in a label', '# HELP a b\n# TYPE a counter\na{b="c"d"} 1\n'],
    [
      'buckets that go down',
      '# HELP a b\n# TYPE a histogram\na_bucket{le="1"} 2\na_bucket{le="+Inf"} 1\na_sum 1\na_count 1\n',
    ],
    [
      'a histogram without +Inf',
      '# HELP a b\n# TYPE a histogram\na_bucket{le="1"} 2\na_sum 1\na_count 2\n',
    ],
  ])('does not take %s', (_, text) => {
    expect(() => readExposition(text)).toThrow()
  })
})

it('answers whether it is alive without asking anybody', async () => {
  const shop = await openShop({
    wrapDatabase: (database) => ({ batch: (...given) => database.batch(...given) }),
  })
  const before = shop.roundTrips()
  const answer = await shop.gateway.fetch(at('/livez'))
  expect([answer.status, shop.roundTrips() - before]).toEqual([200, 0])
  expect(
    (await shop.gateway.fetch(signedRequest('/api/pay/query', anOrder(), shop.app))).status,
  ).toBe(200)
})
