import { describe, expect, it } from 'vitest'
import { parseTraceparent } from '../../../core/observability/trace.ts'
import type { HttpRequest } from '../../../core/ports.ts'
import { bankChannel } from '../../kit/bank-channel.ts'
import { anOrder, openShop, signedRequest } from '../../kit/shop.ts'

const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736'
const PARENT = '00f067aa0ba902b7'

/** The example of the recommendation, and each way to get it wrong. */
describe('a traceparent', () => {
  it.each([
    [`00-${TRACE}-${PARENT}-01`, { traceId: TRACE, sampled: true }],
    [`00-${TRACE}-${PARENT}-00`, { traceId: TRACE, sampled: false }],
    [`00-${TRACE}-${PARENT}-03`, { traceId: TRACE, sampled: true }],
    // A later version is read by what version 00 has of it.
    [`cc-${TRACE}-${PARENT}-01-what-the-future-will-be-like`, { traceId: TRACE, sampled: true }],
  ])('%s is read', (header, trace) => {
    expect(parseTraceparent(header)).toEqual(trace)
  })

  it.each([
    ['nothing', null],
    ['empty', ''],
    ['the forbidden version', `ff-${TRACE}-${PARENT}-01`],
    ['more than version 00 has', `00-${TRACE}-${PARENT}-01-more`],
    ['a trace of zeros', `00-${'0'.repeat(32)}-${PARENT}-01`],
    ['a parent of zeros', `00-${TRACE}-${'0'.repeat(16)}-01`],
    ['upper case', `00-${TRACE.toUpperCase()}-${PARENT}-01`],
    ['too short', `00-${TRACE.slice(1)}-${PARENT}-01`],
    ['two of them', `00-${TRACE}-${PARENT}-01, 00-${TRACE}-${PARENT}-01`],
    ['a line break behind', `00-${TRACE}-${PARENT}-01\n`],
  ])('that is %s counts as none', (_, header) => {
    expect(parseTraceparent(header)).toBeUndefined()
  })
})

async function tracedShop() {
  const calls: HttpRequest[] = []
  const channel: typeof bankChannel = {
    ...bankChannel,
    bind(settings) {
      const bound = bankChannel.bind(settings)
      if (!bound.ok) return bound
      const { value } = bound
      return {
        ...bound,
        value: {
          ...value,
          pay: (ports, input) => {
            ports.log.write('info', 'the plugin says something')
            return value.pay(ports, input)
          },
        },
      }
    },
  }
  const shop = await openShop({ channel, onSend: (request) => void calls.push(request) })
  return { shop, calls }
}

describe('a request', () => {
  it('carries its trace on to the channel and to the merchant, each call a span of its own', async () => {
    const { shop, calls } = await tracedShop()
    const ordering = signedRequest('/api/pay/unifiedOrder', anOrder(), shop.app)
    ordering.headers.set('traceparent', `00-${TRACE}-${PARENT}-01`)
    const answer = await shop.gateway.fetch(ordering)
    expect(answer.headers.get('x-request-id')).toBe(TRACE)
    const [order] = shop.bank.orders.values()
    await shop.payerPays(order?.number ?? '')

    expect(shop.told).toHaveLength(1)
    const headers = calls.map((call) => call.headers.traceparent)
    expect(calls.length).toBeGreaterThanOrEqual(2)
    for (const header of headers) expect(header).toMatch(/^00-[0-9a-f]{32}-[0-9a-f]{16}-0[01]$/)
    expect(headers[0]).toMatch(new RegExp(`^00-${TRACE}-(?!${PARENT})[0-9a-f]{16}-01$`))
    expect(new Set(headers).size).toBe(headers.length)
  })

  it('has an id of its own when it brings none, or a wrong one, and each log line says it', async () => {
    const { shop } = await tracedShop()
    const ids: (string | null)[] = []
    for (const traceparent of ['', `00-${'0'.repeat(32)}-${PARENT}-01`]) {
      shop.logged.length = 0
      const ordering = signedRequest('/api/pay/unifiedOrder', anOrder(), shop.app)
      if (traceparent !== '') ordering.headers.set('traceparent', traceparent)
      const answer = await shop.gateway.fetch(ordering)
      const { data } = (await answer.json()) as { data: { payOrderId: string } }
      const requestId = answer.headers.get('x-request-id')
      expect(requestId).toMatch(/^[0-9a-f]{32}$/)
      ids.push(requestId)
      expect(shop.logged.length).toBeGreaterThan(0)
      for (const { fields } of shop.logged) expect(fields).toMatchObject({ requestId })
      expect(shop.logged).toContainEqual({
        message: 'the plugin says something',
        fields: {
          requestId,
          channel: 'bank',
          operation: 'pay',
          accountId: shop.accountId,
          paymentId: data.payOrderId,
          attemptId: data.payOrderId,
        },
      })
    }
    expect(new Set(ids).size).toBe(2)
  })

  it('shares neither id nor log with one that runs at the same time', async () => {
    const { shop } = await tracedShop()
    const answers = await Promise.all(
      Array.from({ length: 5 }, () =>
        shop.gateway.fetch(signedRequest('/api/pay/unifiedOrder', anOrder(), shop.app)),
      ),
    )
    for (const answer of answers) {
      const { data } = (await answer.json()) as { data: { payOrderId: string } }
      const ofPayment = shop.logged.filter(({ fields }) => fields?.paymentId === data.payOrderId)
      const ids = new Set(ofPayment.map(({ fields }) => fields?.requestId))
      expect([...ids]).toEqual([answer.headers.get('x-request-id')])
    }
  })

  it('goes on in the notification that it caused, and in none that time caused', async () => {
    const { shop, calls } = await tracedShop()
    const paymentId = await shop.orders()
    const order = shop.bank.orders.get(paymentId)
    if (order === undefined) throw new Error('the bank has the order')
    order.state = 'paid'
    order.paidAtMs = shop.clock.now()
    const asking = signedRequest('/api/pay/query', { payOrderId: paymentId }, shop.app)
    asking.headers.set('traceparent', `00-${TRACE}-${PARENT}-00`)
    shop.merchantAnswers.push({ kind: 'unknown', evidence: 'silence' })
    await shop.gateway.fetch(asking)
    await shop.settles()
    await shop.passes(60_000)
    const told = calls.filter(({ url }) => url.includes('shop.example'))
    expect(told).toHaveLength(2)
    expect(told[0]?.headers.traceparent).toContain(TRACE)
    expect(told[1]?.headers.traceparent).not.toContain(TRACE)
  })
})
