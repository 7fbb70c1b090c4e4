import { createGateway } from '../core/gateway.ts'
import { WORKER_BOUNDS } from '../core/sweep/sweep.ts'
import { readBindings } from './bindings.ts'
import { channels } from './channels.ts'
import { fetchPort, provesNothing } from './ports/http.ts'
import { remoteDatabase } from './ports/libsql-http.ts'
import { systemClock } from './ports/system.ts'
import { type WorkerContext, workerPorts } from './worker-ports.ts'

/** The live gateway on Cloudflare Workers. It carries no simulator. */
export default {
  // Built per request: workerd refuses I/O objects that another request opened.
  async fetch(request: Request, env: unknown, context: WorkerContext): Promise<Response> {
    const gateway = open(env, context)
    return gateway === undefined ? misconfigured() : gateway.fetch(request)
  },

  async scheduled(_: unknown, env: unknown, context: WorkerContext): Promise<void> {
    await open(env, context)?.sweep(WORKER_BOUNDS)
  },
}

function open(env: unknown, context: WorkerContext) {
  const bound = readBindings(env, { files: false })
  if (!bound.ok || bound.value.mode !== 'live') {
    // Nobody reads a Worker's boot: the line goes to its log, and callers learn nothing of it.
    console.error(`tongbao: ${bound.ok ? 'TONGBAO_MODE must be live here' : bound.refusal.line}`)
    return undefined
  }
  const settings = bound.value
  const { publicUrl, allowPrivateTargets } = settings
  const gateway = createGateway({
    channels,
    settings: { publicUrl, allowsPrivateTargets: allowPrivateTargets },
    ports: workerPorts(settings, context, {
      clock: systemClock,
      http: fetchPort(provesNothing),
      database: remoteDatabase(settings.database),
      deliver: (notificationId) => gateway.deliver(notificationId),
    }),
  })
  return gateway
}

function misconfigured(): Response {
  return Response.json({ status: 'failing', reason: 'settings' }, { status: 503 })
}
