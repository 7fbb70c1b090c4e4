import { type CallbackRoute, receiveCallback } from '../callback/receive.ts'
import type { Core } from '../core.ts'
import { limitedBody } from './body.ts'

/** Channels send a few kilobytes. */
const MAX_BODY_BYTES = 256 * 1024

/** `/api/{pay,refund}/notify/{channel}/{reference}`: any method, as channels please. */
export async function serveCallback(
  core: Core,
  request: Request,
  route: CallbackRoute,
): Promise<Response> {
  const body = await limitedBody(request, MAX_BODY_BYTES)
  if (body === undefined) return text('too large', 413)
  const url = new URL(request.url)
  try {
    const received = await receiveCallback(core, route, {
      method: request.method,
      url: url.pathname + url.search,
      headers: Object.fromEntries(request.headers),
      body,
      receivedAtMs: core.ports.clock.now(),
    })
    switch (received.kind) {
      case 'answered': {
        const { status, headers, body } = received.answer
        return new Response(body === '' ? null : body, { status, headers })
      }
      case 'unknown_reference':
        return text('order not exists', 404)
      case 'unknown_channel':
        return text(`[${route.channel}] interface not exists`, 400)
    }
  } catch (error) {
    const reason = error instanceof Error ? `${error.name}: ${error.message}` : 'unknown'
    core.ports.log.write('error', 'a callback was not stored; the channel will tell us again', {
      channel: route.channel,
      reference: route.reference,
      reason,
    })
    return text('not stored, please tell us again', 503)
  }
}

function text(body: string, status: number): Response {
  return new Response(body, { status, headers: { 'content-type': 'text/plain;charset=UTF-8' } })
}
