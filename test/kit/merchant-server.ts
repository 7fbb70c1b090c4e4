import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { jeepaySign } from './jeepay-client.ts'
import { until } from './until.ts'

/** A notification as it arrived. */
export interface Heard {
  readonly atMs: number
  readonly method: string
  readonly contentType: string
  /** The body as it was, to tell whether two are the same. */
  readonly text: string
  readonly fields: Readonly<Record<string, string>>
}

/** What a merchant's endpoint does with a notification. */
export type Reaction =
  | 'success'
  | 'hang'
  | 'reset'
  | { readonly status: number; readonly body: string }
  /** Accepts it, once this has happened. */
  | (() => Promise<void>)

/** One `notifyUrl`, and what arrives there. */
export interface Inbox {
  readonly url: string
  readonly heard: readonly Heard[]
  /** To all notifications that come from now on; before that, it accepts them. */
  reacts(reaction: Reaction): void
  /** Waits until so many have arrived in all. */
  hears(count: number): Promise<readonly Heard[]>
}

/** The merchant's own server on loopback: it takes notifications, and nobody but its owner looks. */
export interface MerchantServer {
  inbox(): Inbox
  close(): Promise<void>
}

interface Box {
  readonly heard: Heard[]
  reaction: Reaction
}

export async function openMerchantServer(): Promise<MerchantServer> {
  const boxes = new Map<string, Box>()
  const server = createServer((request, response) => {
    receive(boxes, request, response).catch(() => response.destroy())
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo

  return {
    inbox() {
      const path = `/notify/${boxes.size + 1}`
      const box: Box = { heard: [], reaction: 'success' }
      boxes.set(path, box)
      return {
        // With a query of its own, which has to stay where it is.
        url: `http://127.0.0.1:${port}${path}?from=gateway`,
        heard: box.heard,
        reacts(reaction) {
          box.reaction = reaction
        },
        async hears(count) {
          await until(() => box.heard.length >= count, `${count} notifications at ${path}`)
          return box.heard
        },
      }
    },
    async close() {
      server.close()
      server.closeAllConnections() // those that hang would stay open
      await once(server, 'close')
    },
  }
}

async function receive(
  boxes: ReadonlyMap<string, Box>,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const { pathname, search } = new URL(request.url ?? '', 'http://merchant')
  const box = boxes.get(pathname)
  const text = Buffer.concat(await Array.fromAsync(request as AsyncIterable<Buffer>)).toString()
  if (box === undefined || search !== '?from=gateway') {
    response.writeHead(404).end('no such address')
    return
  }
  box.heard.push({
    atMs: Date.now(),
    method: request.method ?? '',
    contentType: request.headers['content-type'] ?? '',
    text,
    fields: Object.fromEntries(new URLSearchParams(text)),
  })
  await react(response, box.reaction)
}

async function react(response: ServerResponse, reaction: Reaction): Promise<void> {
  if (typeof reaction === 'function') {
    await reaction()
    response.end('success')
    return
  }
  switch (reaction) {
    case 'success':
      response.end('success')
      return
    case 'hang':
      return
    case 'reset':
      response.socket?.resetAndDestroy()
      return
    default:
      response.writeHead(reaction.status).end(reaction.body)
  }
}

/** As a merchant has to: what is not signed is not believed. */
export function isSigned({ fields }: Heard, appSecret: string): boolean {
  return fields.sign === jeepaySign(fields, appSecret)
}
