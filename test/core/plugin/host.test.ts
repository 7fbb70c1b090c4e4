import { describe, expect, it } from 'vitest'
import type { Core } from '../../../core/core.ts'
import type { BoundChannel, ChannelPorts, ChannelRequest } from '../../../core/plugin/api.ts'
import { channelPorts, runOperation } from '../../../core/plugin/host.ts'
import type { HttpAnswer, HttpRequest } from '../../../core/ports.ts'
import { bankChannel } from '../../kit/bank-channel.ts'
import { openShop, saying } from '../../kit/shop.ts'

const REQUEST: ChannelRequest = {
  method: 'POST',
  url: 'https://bank.example/pay?token=query-canary',
  headers: { authorization: 'header-canary' },
  body: 'body-canary',
  timeoutMs: 5_000,
}

/** A core whose HTTP port answers what the test says, and the kit's channel bound in it. */
async function host(answer: (request: HttpRequest) => Promise<HttpAnswer>) {
  const shop = await openShop()
  const { core } = shop.gateway
  const asked: HttpRequest[] = []
  const http = {
    send(request: HttpRequest) {
      asked.push(request)
      return answer(request)
    },
  }
  const hosting: Core = { ...core, ports: { ...core.ports, http } }
  const bound = bankChannel.bind({ merchant: 'shop', key: 'k' })
  if (!bound.ok) throw new Error('the bank binds')
  const run = <T extends { readonly kind: string }>(
    operation: (ports: ChannelPorts) => Promise<T>,
  ) => runOperation(hosting, bound.value, { operation: 'pay', accountId: 'account' }, operation)
  return { shop, core: hosting, channel: bound.value, run, asked }
}

const answering = async () => saying('hello')

describe('what a plugin may call', () => {
  it.each([
    ['another host', 'https://evil.example/pay'],
    ['a host that begins like its own', 'https://bank.example.evil.example/pay'],
    ['its own host as a user', 'https://bank.example@evil.example/'],
    ['its own host at another port', 'https://bank.example:8443/pay'],
    ['no URL', 'bank.example/pay'],
  ])('is not %s: nothing is sent', async (_, url) => {
    const { run, asked } = await host(answering)
    const { outcome, transcript } = await run(({ http }) => http.send({ ...REQUEST, url }))
    expect(outcome).toMatchObject({ kind: 'not_sent' })
    expect([asked, transcript]).toEqual([[], []])
  })

  it('is a host of its manifest, or one that its settings name', async () => {
    const { run, asked, channel, core } = await host(answering)
    await run(({ http }) => http.send(REQUEST))
    const proxied: BoundChannel = { ...channel, extraHosts: ['proxy.example:8080'] }
    const url = 'http://proxy.example:8080/pay'
    await channelPorts(core, proxied, 'account').http.send({ ...REQUEST, url })
    expect(asked.map((request) => request.url)).toEqual([REQUEST.url, url])
  })

  it('goes out with the deadline of the plugin, and a bound on the answer', async () => {
    const { run, asked } = await host(answering)
    await run(({ http }) => http.send(REQUEST))
    await run(({ http }) => http.send({ ...REQUEST, maxAnswerBytes: 5 }))
    expect(asked).toMatchObject([
      { timeoutMs: 5_000, maxAnswerBytes: 1_048_576 },
      { timeoutMs: 5_000, maxAnswerBytes: 5 },
    ])
  })
})

describe('a plugin that throws', () => {
  it('before any call has sent nothing', async () => {
    const { run } = await host(answering)
    const { outcome } = await run(() => Promise.reject(new Error('bad key')))
    expect(outcome).toEqual({ kind: 'not_sent', reason: 'Error: bad key' })
  })

  it('after a call that it may not make has sent nothing', async () => {
    const { run } = await host(answering)
    const { outcome } = await run(async ({ http }) => {
      await http.send({ ...REQUEST, url: 'https://evil.example/' })
      throw new Error('unexpected')
    })
    expect(outcome).toMatchObject({ kind: 'not_sent' })
  })

  it.each([
    ['answered', answering],
    ['ended unknown', async () => ({ kind: 'unknown', evidence: 'timeout' }) as const],
    ['was not sent, as the port says', async () => ({ kind: 'not_sent', reason: 'dns' }) as const],
  ])('after a call that %s may have moved money', async (_, answer) => {
    const { run } = await host(answer)
    const { outcome } = await run(async ({ http }) => {
      await http.send(REQUEST)
      throw new TypeError('no such member')
    })
    expect(outcome).toEqual({ kind: 'unknown', evidence: 'TypeError: no such member' })
  })

  it('while a call is under way may have moved money', async () => {
    const { run } = await host(() => new Promise(() => undefined))
    const { outcome } = await run(async ({ http }) => {
      void http.send(REQUEST)
      throw new Error('impatient')
    })
    expect(outcome).toMatchObject({ kind: 'unknown' })
  })

  it('when the port itself throws may have moved money', async () => {
    const { run } = await host(() => Promise.reject(new Error('reset')))
    const { outcome, transcript } = await run(({ http }) => http.send(REQUEST))
    expect(outcome).toMatchObject({ kind: 'unknown' })
    expect(transcript).toEqual([{ call: 'POST bank.example/pay', result: 'no answer', ms: 0 }])
  })

  it('is named in the log', async () => {
    const { run, shop } = await host(answering)
    await run(() => Promise.reject(new Error('bad key')))
    expect(shop.logged.at(-1)).toEqual({
      message: 'a channel operation threw',
      fields: {
        channel: 'bank',
        operation: 'pay',
        accountId: 'account',
        evidence: 'Error: bad key',
      },
    })
  })
})

describe('the transcript of an operation', () => {
  it.each([
    ['200, 5 bytes', saying('hello')],
    ['unknown: timeout', { kind: 'unknown', evidence: 'timeout' } as const],
    ['not sent: dns', { kind: 'not_sent', reason: 'dns' } as const],
  ])('says where, what and how long, and no more: %s', async (result, answer) => {
    const { run, shop } = await host(async () => {
      await shop.clock.advance(40)
      return answer
    })
    const { transcript } = await run(({ http }) => http.send(REQUEST))
    expect(transcript).toEqual([{ call: 'POST bank.example/pay', result, ms: 40 }])
    expect(JSON.stringify(transcript)).not.toContain('canary')
  })

  it('is kept with the event of what came of it', async () => {
    const shop = await openShop()
    await shop.orders()
    const sql = "select evidence from events where kind = 'payment.pending'"
    const [rows] = await shop.database.batch([{ sql, args: [] }], 'read')
    expect(JSON.parse(String(rows?.[0]?.[0]))).toMatchObject({
      fact: { kind: 'pending' },
      calls: [{ call: 'POST bank.example/pay', result: expect.stringMatching(/^200, \d+ bytes$/) }],
    })
  })
})

describe('what a plugin remembers', () => {
  it('is kept for as long as it said, and for its account alone', async () => {
    const { core, channel, shop } = await host(answering)
    const mine = channelPorts(core, channel, 'account').cache
    const others = channelPorts(core, channel, 'other').cache
    await mine.put('token', 't1', 1_000)
    expect([await mine.get('token'), await others.get('token')]).toEqual(['t1', undefined])
    await shop.clock.advance(999)
    expect(await mine.get('token')).toBe('t1')
    await shop.clock.advance(1)
    expect(await mine.get('token')).toBeUndefined()
  })
})
