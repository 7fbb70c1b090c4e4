import { Hono } from 'hono'
import { type Core, type GatewaySettings, withPeer } from './core.ts'
import { serveCallback } from './http/callback.ts'
import { serveHealth } from './http/health.ts'
import { serveImage } from './http/image.ts'
import { closeRoute } from './http/jeepay/close.ts'
import { execDivision, queryDivision } from './http/jeepay/division.ts'
import {
  bindReceiverRoute,
  listReceiversRoute,
  unbindReceiverRoute,
} from './http/jeepay/division-receivers.ts'
import { queryDivisionReturn, returnDivision } from './http/jeepay/division-return.ts'
import { identityJump, serveIdentityReturn } from './http/jeepay/identity.ts'
import { queryPayment } from './http/jeepay/query.ts'
import { refundOrder } from './http/jeepay/refund-order.ts'
import { queryRefund } from './http/jeepay/refund-query.ts'
import { serveSigned, serveSignedRedirect } from './http/jeepay/signed.ts'
import { transferOrder } from './http/jeepay/transfer-order.ts'
import { cancelTransferRoute, queryTransfer } from './http/jeepay/transfer-query.ts'
import { unifiedOrder } from './http/jeepay/unified-order.ts'
import { limitedByIp } from './http/limited.ts'
import { serveMetrics } from './http/metrics.ts'
import { serveReturn } from './http/return.ts'
import { serveWakeUp } from './http/wake-up.ts'
import type { NotificationId } from './ids.ts'
import { deliver } from './notification/deliver.ts'
import { keepCounts } from './observability/keep.ts'
import { redactedLog } from './observability/redact.ts'
import { newTrace, parseTraceparent, type Trace } from './observability/trace.ts'
import { traced } from './observability/traced.ts'
import type { AnyChannel } from './plugin/api.ts'
import type { Ports } from './ports.ts'
import { openStore } from './store/store.ts'
import { type SweepBounds, type SweepReport, sweep } from './sweep/sweep.ts'

export interface GatewayOptions {
  readonly ports: Ports
  readonly channels: readonly AnyChannel[]
  readonly settings: GatewaySettings
}

export interface Gateway {
  /** @param peer address of whoever is at the other end of the connection, where that is known */
  fetch(request: Request, peer?: string): Promise<Response>
  /** Does what is due. Any number of runners may call it, at any time. */
  sweep(bounds: SweepBounds): Promise<SweepReport>
  /** Tries to tell a merchant now, if that is due and nobody else is at it. */
  deliver(notificationId: NotificationId, traceparent?: string): Promise<boolean>
  /** Adds what was counted to the table, at most now and then. For the background. */
  keepCounts(): Promise<void>
  readonly core: Core
}

/** Puts the gateway together. Cheap: on Workers it is made for each request. */
export function createGateway({ ports, channels, settings }: GatewayOptions): Gateway {
  const core: Core = {
    ports: { ...ports, log: redactedLog(ports.log) },
    settings,
    store: openStore(ports.database),
    channels: new Map(channels.map((channel) => [channel.manifest.id, channel])),
  }
  return {
    core,
    async fetch(request, peer) {
      const trace = traceOf(core, request.headers.get('traceparent'))
      const ofRequest = withPeer(traced(core, trace), peer)
      const limited = await limitedByIp(ofRequest, request)
      const answer = limited ?? (await app.fetch(request, { core: ofRequest }))
      return withRequestId(answer, trace)
    },
    sweep: (bounds) => sweep(traced(core, newTrace(ports.random)), bounds),
    deliver: (notificationId, traceparent) =>
      deliver(traced(core, traceOf(core, traceparent)), notificationId),
    keepCounts: () => keepCounts(core),
  }
}

/** Each request brings a core of its own along, whose log and calls know which request it is. */
interface PerRequest {
  readonly Bindings: { readonly core: Core }
}

const POST_ONLY = [
  '/api/pay/unifiedOrder',
  '/api/refund/refundOrder',
  '/api/transferOrder',
  '/api/transfer/cancel',
  '/api/division/receiver/bind',
  '/api/division/receiver/unbind',
  '/api/division/exec',
  '/api/division/return',
]

// They hold nothing of a request: one table serves an isolate, whose gateways are made anew.
const app = routes()

function routes(): Hono<PerRequest> {
  const app = new Hono<PerRequest>()

  app.post('/api/pay/unifiedOrder', (c) => serveSigned(c.env.core, c.req.raw, unifiedOrder))
  app.all('/api/pay/query', (c) => serveSigned(c.env.core, c.req.raw, queryPayment))
  app.all('/api/pay/close', (c) => serveSigned(c.env.core, c.req.raw, closeRoute))
  app.post('/api/refund/refundOrder', (c) => serveSigned(c.env.core, c.req.raw, refundOrder))
  app.all('/api/refund/query', (c) => serveSigned(c.env.core, c.req.raw, queryRefund))
  app.post('/api/transferOrder', (c) => serveSigned(c.env.core, c.req.raw, transferOrder))
  app.all('/api/transfer/query', (c) => serveSigned(c.env.core, c.req.raw, queryTransfer))
  app.post('/api/transfer/cancel', (c) => serveSigned(c.env.core, c.req.raw, cancelTransferRoute))
  app.post('/api/division/receiver/bind', (c) =>
    serveSigned(c.env.core, c.req.raw, bindReceiverRoute),
  )
  app.post('/api/division/receiver/unbind', (c) =>
    serveSigned(c.env.core, c.req.raw, unbindReceiverRoute),
  )
  app.all('/api/division/receiver/list', (c) =>
    serveSigned(c.env.core, c.req.raw, listReceiversRoute),
  )
  app.post('/api/division/exec', (c) => serveSigned(c.env.core, c.req.raw, execDivision))
  app.all('/api/division/query', (c) => serveSigned(c.env.core, c.req.raw, queryDivision))
  app.post('/api/division/return', (c) => serveSigned(c.env.core, c.req.raw, returnDivision))
  app.all('/api/division/return/query', (c) =>
    serveSigned(c.env.core, c.req.raw, queryDivisionReturn),
  )
  app.all('/api/channelUserId/jump', (c) =>
    serveSignedRedirect(c.env.core, c.req.raw, identityJump),
  )
  app.get('/api/channelUserId/back/:sealed', (c) =>
    serveIdentityReturn(c.env.core, c.req.raw, c.req.param('sealed')),
  )
  for (const path of POST_ONLY) {
    app.all(path, (c) => problem(c.env.core, c.req.raw, 405, 'Method Not Allowed'))
  }

  app.all('/api/pay/notify/:channel/:reference', (c) =>
    serveCallback(c.env.core, c.req.raw, { about: 'payment', ...c.req.param() }),
  )
  app.all('/api/refund/notify/:channel/:reference', (c) =>
    serveCallback(c.env.core, c.req.raw, { about: 'refund', ...c.req.param() }),
  )
  app.all('/api/transfer/notify/:channel/:reference', (c) =>
    serveCallback(c.env.core, c.req.raw, { about: 'transfer', ...c.req.param() }),
  )
  app.all('/api/account/notify/:channel/:reference', (c) =>
    serveCallback(c.env.core, c.req.raw, { about: 'account', ...c.req.param() }),
  )
  app.all('/api/pay/return/:channel/:attempt', (c) =>
    serveReturn(c.env.core, c.req.param('attempt')),
  )
  app.get('/api/scan/imgs/:name', (c) => serveImage(c.env.core, c.req.param('name')))

  app.post('/internal/notifications/:id/:number', async (c) => {
    const served = await serveWakeUp(c.env.core, c.req.raw, c.req.param())
    return served ?? problem(c.env.core, c.req.raw, 404, 'Not Found')
  })

  app.get('/healthz', (c) => serveHealth(c.env.core))
  app.get('/livez', () => new Response('alive'))
  app.get('/metrics', (c) => serveMetrics(c.env.core, c.req.raw))
  app.notFound((c) => problem(c.env.core, c.req.raw, 404, 'Not Found'))
  app.onError((error, c) => {
    c.env.core.ports.log.write('error', 'a request failed', {
      path: c.req.path,
      reason: `${error.name}: ${error.message}`,
    })
    return problem(c.env.core, c.req.raw, 500, 'Internal Server Error')
  })
  return app
}

function traceOf({ ports }: Core, traceparent: string | null | undefined): Trace {
  return parseTraceparent(traceparent ?? null) ?? newTrace(ports.random)
}

function withRequestId(answer: Response, { traceId }: Trace): Response {
  answer.headers.set('x-request-id', traceId)
  return answer
}

/** The members that JeePay's SDK reads out of a 404. */
function problem({ ports }: Core, request: Request, status: number, error: string): Response {
  const { pathname } = new URL(request.url)
  return Response.json(
    { timestamp: new Date(ports.clock.now()).toISOString(), status, error, path: pathname },
    { status },
  )
}
