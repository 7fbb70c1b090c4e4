import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { HttpPort } from '../../../core/ports.ts'
import { fetchPort, provesNothing } from '../../../edge/ports/http.ts'
import { watchNodeCalls } from '../../../edge/ports/http-node.ts'
import { openWire, type Wire } from '../../kit/wire.ts'
import { plain, wireCases, wireRequest } from '../../kit/wire-cases.ts'

let wire: Wire

beforeAll(async () => {
  wire = await openWire()
})

afterAll(() => wire.close())

const node = fetchPort(watchNodeCalls())

async function asks(port: HttpPort, request: Parameters<typeof wireRequest>[0]) {
  return plain(await port.send(wireRequest(request)))
}

describe('the HTTP port on Node', () => {
  it('tells what happened, and not_sent where that is proven', async () => {
    const cases = wireCases(wire, { connect: true, deadline: true })
    const answers = await Promise.all(cases.map(({ request }) => asks(node, request)))
    expect(cases.map(({ name }, index) => ({ name, ...answers[index] }))).toEqual(
      cases.map(({ name, answer }) => expect.objectContaining({ name, ...answer })),
    )
    expect(JSON.stringify(answers)).not.toContain('of-ours')
    // The redirect was not followed behind our back: /good was asked for once, by the first case.
    expect(wire.asked.filter((path) => path === '/good')).toHaveLength(1)
  })

  it('sends method, headers and body as they are', async () => {
    const { body, headers } = await asks(node, {
      url: `${wire.url}/good`,
      method: 'POST',
      headers: { 'Content-Type': 'application/json', 'x-sign': 'abc' },
      body: '{"名":1}',
    })
    expect(JSON.parse(body ?? '')).toMatchObject({
      method: 'POST',
      body: '{"名":1}',
      headers: { 'content-type': 'application/json', 'content-length': '9', 'x-sign': 'abc' },
    })
    expect(headers).toMatchObject({ 'x-answer': 'good' })
  })

  it('sends bytes as they are', async () => {
    const { body } = await asks(node, {
      url: `${wire.url}/good`,
      method: 'PUT',
      body: new TextEncoder().encode('bytes'),
    })
    expect(JSON.parse(body ?? '')).toMatchObject({ method: 'PUT', body: 'bytes' })
  })

  it('names the reason as the system does', async () => {
    expect(await asks(node, { url: wire.deserted })).toEqual({
      kind: 'not_sent',
      why: 'not connected: ECONNREFUSED',
    })
  })

  it('keeps calls apart that go on at the same time', async () => {
    const urls = [`${wire.url}/reset`, wire.deserted, `${wire.url}/good`, wire.breaking]
    const twice = [...urls, ...urls.toReversed()]
    const answers = await Promise.all(twice.map((url) => asks(node, { url })))
    const kinds = ['unknown', 'not_sent', 'answered', 'not_sent']
    expect(answers.map(({ kind }) => kind)).toEqual([...kinds, ...kinds.toReversed()])
  })
})

describe('the HTTP port where nothing can be proven', () => {
  it('calls every failed call unknown', async () => {
    const cases = wireCases(wire, { connect: false, deadline: false })
    const port = fetchPort(provesNothing)
    const answers = await Promise.all(cases.map(({ request }) => asks(port, request)))
    expect(cases.map(({ name }, index) => ({ name, ...answers[index] }))).toEqual(
      cases.map(({ name, answer }) => expect.objectContaining({ name, ...answer })),
    )
  })
})
