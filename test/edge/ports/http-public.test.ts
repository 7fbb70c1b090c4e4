import type { LookupAddress } from 'node:dns'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { HttpPort } from '../../../core/ports.ts'
import { type Dialling, publicTargets } from '../../../edge/ports/http-public.ts'
import { runInDeno } from '../../kit/deno.ts'
import { openWire, type Wire } from '../../kit/wire.ts'
import { type PlainAnswer, plain, wireCases, wireRequest } from '../../kit/wire-cases.ts'

let wire: Wire

beforeAll(async () => {
  wire = await openWire()
})

afterAll(() => wire.close())

/** Nobody but the public port may be asked. */
const noOther: HttpPort = {
  send: () => Promise.reject(new Error('this call was for the public port')),
}

/** A resolver that says of each name what the next entry says. */
function resolver(...answers: (readonly string[])[]): Dialling['lookup'] {
  const lookup = (
    _: string,
    __: unknown,
    done: (error: Error | null, found: LookupAddress[]) => void,
  ) => {
    const addresses = answers.shift() ?? []
    done(
      null,
      addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 })),
    )
  }
  return lookup as unknown as Dialling['lookup']
}

const everywhere = { isPublic: () => true }

describe('calls that want the public Internet', () => {
  it('tell what happened as all calls do, and not_sent where that is proven', async () => {
    const port = publicTargets(noOther, { ...everywhere, lookup: resolver() })
    const before = wire.asked.length
    const cases = wireCases(wire, { connect: true, deadline: true })
    const answers = await Promise.all(
      cases.map(async ({ request }) =>
        plain(await port.send({ ...wireRequest(request), target: 'public' })),
      ),
    )
    expect(cases.map(({ name }, index) => ({ name, ...answers[index] }))).toEqual(
      cases.map(({ name, answer }) => expect.objectContaining({ name, ...answer })),
    )
    expect(JSON.stringify(answers)).not.toContain('of-ours')
    expect(wire.asked.slice(before).filter((path) => path === '/good')).toHaveLength(1)
  })

  it('send method, headers and body as they are', async () => {
    const port = publicTargets(noOther, { ...everywhere, lookup: resolver() })
    const request = {
      url: `${wire.url}/good`,
      method: 'POST',
      headers: { 'content-type': 'text/plain', 'x-sign': 'abc' },
      body: '名',
      target: 'public',
    } as const
    const { body, headers } = plain(await port.send(wireRequest(request)))
    expect(JSON.parse(body ?? '')).toMatchObject({
      method: 'POST',
      body: '名',
      headers: { 'content-type': 'text/plain', 'content-length': '3', 'x-sign': 'abc' },
    })
    expect(headers).toMatchObject({ 'x-answer': 'good' })
  })

  it('dial what a name was judged by: there is no second look-up', async () => {
    const { port } = new URL(wire.url)
    const lookup = resolver(['127.0.0.1'], ['169.254.169.254'])
    const dialling = { lookup, isPublic: (address: string) => address === '127.0.0.1' }
    const http = publicTargets(noOther, dialling)
    const ask = () =>
      http.send({ ...wireRequest({ url: `http://shop.example:${port}/good` }), target: 'public' })
    const first = plain(await ask())
    expect(JSON.parse(first.body ?? '')).toMatchObject({
      headers: { host: `shop.example:${port}` },
    })
    // Rebound meanwhile: the next call is judged anew.
    expect(plain(await ask())).toEqual({
      kind: 'not_sent',
      why: 'not connected: it leads to a private address',
    })
  })

  it.each<[string, readonly string[]]>([
    ['loopback', ['127.0.0.1']],
    ['IPv6 loopback', ['::1']],
    ['metadata', ['169.254.169.254']],
    ['a private network', ['10.0.0.8']],
    ['IPv4 in IPv6', ['::ffff:10.0.0.8']],
    ['a public and a private address', ['8.8.8.8', '192.168.0.1']],
    ['a private and a public address', ['fd00::1', '2606:4700::1111']],
    ['nothing', []],
  ])('don’t go where a name leads to %s', async (_, addresses) => {
    const { isPublicAddress } = await import('../../../core/notification/address.ts')
    const dialling = { lookup: resolver(addresses), isPublic: isPublicAddress }
    const http = publicTargets(noOther, dialling)
    const request = wireRequest({ url: 'http://shop.example/', timeoutMs: 2_000 })
    expect(plain(await http.send({ ...request, target: 'public' }))).toEqual({
      kind: 'not_sent',
      why: 'not connected: it leads to a private address',
    })
  })

  it.each(['http://127.0.0.1:1/', 'http://[::1]/', 'http://0x7f.1/', 'http://[::ffff:10.0.0.1]/'])(
    'don’t go to %s, for which nobody looks anything up',
    async (url) => {
      const answer = await publicTargets(noOther).send({
        ...wireRequest({ url }),
        target: 'public',
      })
      expect(plain(answer)).toEqual({ kind: 'not_sent', why: 'it leads to a private address' })
    },
  )

  it('don’t go to what the system itself calls localhost', async () => {
    const { port } = new URL(wire.url)
    const request = wireRequest({ url: `http://localhost:${port}/good` })
    const answer = await publicTargets(noOther).send({ ...request, target: 'public' })
    expect(plain(answer)).toEqual({
      kind: 'not_sent',
      why: 'not connected: it leads to a private address',
    })
  })

  it('are the only ones: a channel may be reached on a private network', async () => {
    const other: HttpPort = { send: async () => ({ kind: 'not_sent', reason: 'mine' }) }
    const answer = await publicTargets(other).send(wireRequest({ url: `${wire.url}/good` }))
    expect(plain(answer)).toEqual({ kind: 'not_sent', why: 'mine' })
  })
})

it('keeps calls that want the public Internet out of private networks on Deno too', async () => {
  const { port } = new URL(wire.url)
  const before = wire.asked.length
  const cases = wireCases(wire, { connect: true, deadline: true })
  const printed = await runInDeno(
    new URL('./http-public.probe.ts', import.meta.url),
    [JSON.stringify(cases.map(({ request }) => request)), port],
    // TLS looks for further certificates in files that the environment names.
    ['net', 'env', 'read', 'sys'],
  )
  const { answers, guarded }: { answers: PlainAnswer[]; guarded: PlainAnswer[] } =
    JSON.parse(printed)
  expect(cases.map(({ name }, index) => ({ name, ...answers[index] }))).toEqual(
    cases.map(({ name, answer }) => expect.objectContaining({ name, ...answer })),
  )
  const refused = 'not connected: it leads to a private address'
  expect(guarded).toEqual([
    expect.objectContaining({ kind: 'answered', status: 200 }),
    { kind: 'not_sent', why: refused },
    { kind: 'not_sent', why: refused },
    { kind: 'not_sent', why: 'it leads to a private address' },
  ])
  expect(wire.asked.slice(before).filter((path) => path === '/good')).toHaveLength(2)
})
