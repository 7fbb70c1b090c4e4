import { once } from 'node:events'
import { createServer, type IncomingMessage, request as open, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

/** Stands in front of a server, passes everything on, and counts what passes. */
export interface CountingProxy {
  readonly url: string
  /** Requests that have come so far: a libSQL batch over HTTP is one. */
  passed(): number
  close(): Promise<void>
}

/**
 * @param target `http://host:port` of the server behind it
 * @param answers takes a request instead of the server behind, when it says so: not counted
 */
export async function countingProxy(
  target: string,
  answers: (incoming: IncomingMessage, outgoing: ServerResponse) => boolean = () => false,
): Promise<CountingProxy> {
  let passed = 0
  const { hostname, port } = new URL(target)
  const server = createServer((incoming, outgoing) => {
    if (answers(incoming, outgoing)) return
    passed++
    const { method, url: path, headers } = incoming
    const further = open({ hostname, port, method, path, headers }, (answer) => {
      outgoing.writeHead(answer.statusCode ?? 502, answer.headers)
      answer.pipe(outgoing)
    })
    further.on('error', () => outgoing.destroy())
    incoming.pipe(further)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    passed: () => passed,
    async close() {
      server.close()
      server.closeAllConnections()
      await once(server, 'close')
    },
  }
}
