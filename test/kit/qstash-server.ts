import { once } from 'node:events'
import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Clock } from '../../core/ports.ts'
import { openQstash, type Qstash } from './qstash.ts'

/** The stand-in on a port of its own, for gateways in processes of their own. */
export async function serveQstash(
  clock: Pick<Clock, 'now'>,
): Promise<Qstash & { close(): Promise<void> }> {
  const server = createServer(async (request, response) => {
    const answer = await qstash.fetch(await webRequest(request))
    if (answer === undefined) {
      response.destroy()
      return
    }
    response.writeHead(answer.status, Object.fromEntries(answer.headers))
    response.end(await answer.text())
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const qstash = openQstash(`http://127.0.0.1:${port}`, clock, async (request) => {
    try {
      return await fetch(request)
    } catch {
      return undefined
    }
  })
  return Object.assign(qstash, {
    async close() {
      server.close()
      server.closeAllConnections()
      await once(server, 'close')
    },
  })
}

async function webRequest(request: IncomingMessage): Promise<Request> {
  const { method = 'GET', url, headers } = request
  const body = Buffer.concat(await Array.fromAsync(request as AsyncIterable<Buffer>))
  return new Request(`http://qstash${url}`, {
    method,
    headers: Object.entries(headers).map(([name, value]): [string, string] => [
      name,
      String(value),
    ]),
    ...(body.length > 0 && { body }),
  })
}
