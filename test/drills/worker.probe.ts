import { createGateway } from '../../core/gateway.ts'
import type { Clock, HttpPort } from '../../core/ports.ts'
import { WORKER_BOUNDS } from '../../core/sweep/sweep.ts'
import { gatewaySettings, readBindings } from '../../edge/bindings.ts'
import { fetchPort, provesNothing } from '../../edge/ports/http.ts'
import { remoteDatabase } from '../../edge/ports/libsql-http.ts'
import { systemClock } from '../../edge/ports/system.ts'
import { WORKERS, type WorkerContext, workerPorts } from '../../edge/worker-ports.ts'
import { bankChannel } from '../kit/bank-channel.ts'

/** How far the clock has been put forward, for all requests. */
const time = { aheadMs: 0 }

const clock: Clock = { ...systemClock, now: () => systemClock.now() + time.aheadMs }

/**
 * The live Worker but for two things: its channel is the kit's bank, at `BANK_URL`, and
 * `/drill/time/{ms}` says how far its clock is ahead; `/drill/sweep` sweeps.
 */
// biome-ignore lint/style/noDefaultExport: what workerd wants of a Worker
export default {
  async fetch(request: Request, env: unknown, context: WorkerContext): Promise<Response> {
    const gateway = open(env, context)
    const [, drill, what, value] = new URL(request.url).pathname.split('/')
    if (drill !== 'drill') return gateway.fetch(request)
    if (what === 'time') {
      time.aheadMs = Number(value)
      return new Response(null, { status: 204 })
    }
    return gateway.sweep(WORKER_BOUNDS).then(
      (report) => Response.json(report),
      () => new Response('the sweep failed', { status: 503 }),
    )
  },
}

function open(env: unknown, context: WorkerContext) {
  const bound = readBindings(env, WORKERS)
  if (!bound.ok) throw new Error(bound.refusal.line)
  const settings = bound.value
  const { BANK_URL: bankUrl } = env as { readonly BANK_URL: string }
  const gateway = createGateway({
    channels: [bankChannel],
    settings: gatewaySettings(settings),
    ports: workerPorts(settings, context, {
      clock,
      http: withBankAt(bankUrl, fetchPort(provesNothing)),
      database: remoteDatabase(settings.database),
      deliver: (notificationId, traceparent) => gateway.deliver(notificationId, traceparent),
    }),
  })
  return gateway
}

function withBankAt(bankUrl: string, port: HttpPort): HttpPort {
  return {
    send: (request) =>
      port.send({ ...request, url: request.url.replace(/^https:\/\/bank\.example/, bankUrl) }),
  }
}
