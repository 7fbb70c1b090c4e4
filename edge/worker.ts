import { createGateway } from '../core/gateway.ts'
import { WORKER_BOUNDS } from '../core/sweep/sweep.ts'
import { gatewaySettings, readBindings } from './bindings.ts'
import { channels } from './channels.ts'
import { fetchPort, provesNothing } from './ports/http.ts'
import { remoteDatabase } from './ports/libsql-http.ts'
import { systemClock } from './ports/system.ts'
import { keepCountsSoon, WORKERS, type WorkerContext, workerPorts } from './worker-ports.ts'

/** The live gateway on Cloudflare Workers. It carries no simulator. */
export default {
  // Built per request: workerd refuses I/O objects that another request opened.
  async fetch(request: Request, env: unknown, context: WorkerContext): Promise<Response> {
    const gateway = open(env, context)
    if (gateway === undefined) return misconfigured()
    keepCountsSoon(gateway, context)
    return gateway.fetch(request)
  },

  async scheduled(_: unknown, env: unknown, context: WorkerContext): Promise<void> {
    const gateway = open(env, context)
    await gateway?.sweep(WORKER_BOUNDS)
    await gateway?.keepCounts()
  },
}

/** What an isolate is told never changes. */
const told: { env?: unknown; bound?: ReturnType<typeof readBindings> } = {}

function open(env: unknown, context: WorkerContext) {
  const bound = told.env === env && told.bound ? told.bound : readBindings(env, WORKERS)
  Object.assign(told, { env, bound })
  if (!bound.ok || bound.value.mode !== 'live') {
    // Nobody reads a Worker's boot: the line goes to its log, and callers learn nothing of it.
    console.error(`tongbao: ${bound.ok ? 'TONGBAO_MODE must be live here' : bound.refusal.line}`)
    return undefined
  }
  const settings = bound.value
  const gateway = createGateway({
    channels,
    settings: gatewaySettings(settings),
    ports: workerPorts(settings, context, {
      clock: systemClock,
      http: fetchPort(provesNothing),
      database: remoteDatabase(settings.database),
      deliver: (notificationId, traceparent) => gateway.deliver(notificationId, traceparent),
    }),
  })
  return gateway
}

function misconfigured(): Response {
  return Response.json({ status: 'failing', reason: 'settings' }, { status: 503 })
}
