import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Simulator } from '../../core/plugin/simulator.ts'

/** Puts a simulator on a loopback port, for clients that speak HTTP. */
export async function serveSimulator(
  simulator: Pick<Simulator, 'serve'>,
): Promise<{ readonly url: string; close(): Promise<void> }> {
  let url = ''
  const server = createServer((incoming, outgoing) => {
    answerSimulated(simulator, url, incoming, outgoing).catch(() => outgoing.destroy())
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  return {
    url,
    async close() {
      server.close()
      server.closeAllConnections() // the silent ones would stay open
      await once(server, 'close')
    },
  }
}

/** @param url where the simulator is reached, without path */
export async function answerSimulated(
  simulator: Pick<Simulator, 'serve'>,
  url: string,
  incoming: IncomingMessage,
  outgoing: ServerResponse,
): Promise<void> {
  const served = await simulator.serve(await requestOf(url, incoming))
  if (served === 'silence') return
  if (served === 'reset') {
    incoming.socket.resetAndDestroy()
    return
  }
  outgoing.writeHead(served.status, Object.fromEntries(served.headers))
  outgoing.end(new Uint8Array(await served.arrayBuffer()))
}

async function requestOf(url: string, incoming: IncomingMessage): Promise<Request> {
  const headers = new Headers()
  for (const [name, values] of Object.entries(incoming.headersDistinct)) {
    for (const value of values ?? []) headers.append(name, value)
  }
  const { method = 'GET' } = incoming
  const body = Buffer.concat(await Array.fromAsync(incoming as AsyncIterable<Buffer>))
  return new Request(`${url}${incoming.url}`, {
    method,
    headers,
    ...(body.length > 0 && { body }),
  })
}
