import { once } from 'node:events'
import {
  createServer as createHttpServer,
  type IncomingMessage,
  type ServerResponse,
} from 'node:http'
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net'
import type { HttpAnswer, HttpRequest } from '../../core/ports.ts'

/** Loopback servers on which everything happens that can happen to an HTTP call. */
export interface Wire {
  /** Answers by path: /good, /moved, /long, … */
  readonly url: string
  /** Nobody listens there. */
  readonly deserted: string
  /** Takes connections and never says a word: a TLS handshake never ends there. */
  readonly mute: string
  /** Breaks each connection at its first byte. */
  readonly breaking: string
  /** Paths that were asked for. */
  readonly asked: readonly string[]
  close(): Promise<void>
}

export async function openWire(): Promise<Wire> {
  const asked: string[] = []
  const http = createHttpServer((request, response) => {
    asked.push(request.url ?? '')
    void behave(request, response)
  })
  const mute = createServer()
  const breaking = createServer((socket) =>
    socket.on('error', () => {}).once('data', () => socket.resetAndDestroy()),
  )
  const doors = await Promise.all([http, mute, breaking].map(open))
  const [main, silent, broken] = doors.map(({ address }) => address)
  const gone = await open(createServer())
  await gone.close()

  return {
    url: `http://${main}`,
    deserted: `http://${gone.address}`,
    mute: `https://${silent}`,
    breaking: `https://${broken}`,
    asked,
    async close() {
      await Promise.all(doors.map((door) => door.close()))
    },
  }
}

async function behave(request: IncomingMessage, response: ServerResponse): Promise<void> {
  switch (request.url) {
    case '/good': {
      const { method, headers } = request
      const body = Buffer.concat(await Array.fromAsync(request as AsyncIterable<Buffer>)).toString()
      response.writeHead(200, { 'content-type': 'application/json', 'x-answer': 'good' })
      response.end(JSON.stringify({ method, headers, body }))
      return
    }
    case '/moved':
      response.writeHead(302, { location: '/good' }).end('gone')
      return
    case '/broken':
      response.writeHead(500).end('oops')
      return
    case '/nothing':
      response.writeHead(204).end()
      return
    case '/long':
      response.end('x'.repeat(100_000))
      return
    case '/reset':
      response.socket?.resetAndDestroy()
      return
    case '/reset-body':
      response.write('half', () => response.socket?.resetAndDestroy())
      return
    case '/short':
      response.writeHead(200, { 'content-length': 10 })
      response.write('half', () => response.socket?.end())
      return
    case '/slow':
      response.write('half')
      return
    case '/silent':
      return
  }
}

async function open(server: Server): Promise<{ address: string; close(): Promise<void> }> {
  const sockets = new Set<Socket>()
  server.on('connection', (socket: Socket) => {
    sockets.add(socket.once('close', () => sockets.delete(socket)))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    address: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    async close() {
      for (const socket of sockets) socket.destroy()
      server.close()
      await once(server, 'close')
    },
  }
}

/** An answer as data, so that other runtimes can tell theirs through a pipe. */
export interface PlainAnswer {
  readonly kind: HttpAnswer['kind']
  readonly status?: number
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string
  readonly why?: string
}

export function plain(answer: HttpAnswer): PlainAnswer {
  switch (answer.kind) {
    case 'answered': {
      const { kind, status, headers, body } = answer
      return {
        kind,
        status,
        headers: Object.fromEntries(headers),
        body: new TextDecoder().decode(body),
      }
    }
    case 'not_sent':
      return { kind: answer.kind, why: answer.reason }
    case 'unknown':
      return { kind: answer.kind, why: answer.evidence }
  }
}

/** What an HTTP port must answer, whatever the runtime. */
export interface WireCase {
  readonly name: string
  readonly request: Partial<HttpRequest> & { readonly url: string }
  readonly answer: PlainAnswer
}

/** @param proves whether this runtime can prove that a connection was never made */
export function wireCases(wire: Wire, proves: { connect: boolean; deadline: boolean }): WireCase[] {
  const unless = (proven: boolean) => (proven ? ('not_sent' as const) : ('unknown' as const))
  return [
    {
      name: 'a good answer',
      request: { url: `${wire.url}/good` },
      answer: { kind: 'answered', status: 200 },
    },
    {
      name: 'an error of the server, which is an answer',
      request: { url: `${wire.url}/broken` },
      answer: { kind: 'answered', status: 500, body: 'oops' },
    },
    {
      name: 'an answer without a body',
      request: { url: `${wire.url}/nothing` },
      answer: { kind: 'answered', status: 204, body: '' },
    },
    {
      name: 'a redirect, which is not followed',
      request: { url: `${wire.url}/moved` },
      answer: { kind: 'answered', status: 302, body: 'gone' },
    },
    {
      name: 'an answer that just fits',
      request: { url: `${wire.url}/long`, maxAnswerBytes: 100_000 },
      answer: { kind: 'answered', status: 200, body: 'x'.repeat(100_000) },
    },
    {
      name: 'an answer that is one byte too long',
      request: { url: `${wire.url}/long`, maxAnswerBytes: 99_999 },
      answer: { kind: 'unknown', why: 'answer 200 is longer than 99999 bytes' },
    },
    {
      name: 'a long answer of which the beginning is enough',
      request: { url: `${wire.url}/long`, maxAnswerBytes: 7, answerOverflow: 'cut' },
      answer: { kind: 'answered', status: 200, body: 'xxxxxxx' },
    },
    {
      name: 'nobody who listens',
      request: { url: `${wire.deserted}/?secret=of-ours` },
      answer: { kind: unless(proves.connect) },
    },
    {
      name: 'a connection that breaks before there is TLS',
      request: { url: `${wire.breaking}/` },
      answer: { kind: unless(proves.connect) },
    },
    {
      name: 'a server that does not speak TLS',
      request: { url: `${wire.url.replace('http:', 'https:')}/good` },
      answer: { kind: unless(proves.connect) },
    },
    {
      name: 'a TLS handshake that never ends',
      request: { url: `${wire.mute}/`, timeoutMs: 100 },
      answer: { kind: unless(proves.deadline) },
    },
    {
      name: 'a reset after the request, before the answer',
      request: { url: `${wire.url}/reset`, method: 'POST', body: 'pay' },
      answer: { kind: 'unknown' },
    },
    {
      name: 'a reset in the middle of the body',
      request: { url: `${wire.url}/reset-body` },
      answer: { kind: 'unknown' },
    },
    {
      name: 'a body that ends before its length',
      request: { url: `${wire.url}/short` },
      answer: { kind: 'unknown' },
    },
    {
      name: 'silence',
      request: { url: `${wire.url}/silent`, timeoutMs: 100 },
      answer: { kind: 'unknown', why: 'no answer: nothing within 100 ms' },
    },
    {
      name: 'a body that stops to come',
      request: { url: `${wire.url}/slow`, timeoutMs: 100 },
      answer: { kind: 'unknown', why: 'answer 200 broke off: unfinished after 100 ms' },
    },
    {
      name: 'a URL that is none',
      request: { url: '//nowhere?secret=of-ours' },
      answer: { kind: 'not_sent' },
    },
    {
      name: 'a header that cannot be sent',
      request: { url: `${wire.url}/good`, headers: { 'x-name': 'a\r\nb: c' } },
      answer: { kind: 'not_sent' },
    },
  ]
}

/** A GET with room and time enough, but for what the case is about. */
export function wireRequest(request: WireCase['request']): HttpRequest {
  return { method: 'GET', headers: {}, timeoutMs: 5_000, maxAnswerBytes: 1_000, ...request }
}
