import { once } from 'node:events'
import {
  createServer as createHttpServer,
  type IncomingMessage,
  type ServerResponse,
} from 'node:http'
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net'

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
