import { createGateway } from '../core/gateway.ts'
import { SERVER_BOUNDS } from '../core/sweep/sweep.ts'
import { gatewaySettings, readBindings } from './bindings.ts'
import { channels } from './channels.ts'
import { fetchPort, provesNothing } from './ports/http.ts'
import { remoteDatabase } from './ports/libsql-http.ts'
import { systemClock, systemRandom } from './ports/system.ts'
import { openSandbox } from './sandbox/sandbox.ts'
import { keepCountsSoon, WORKERS, type WorkerContext, workerPorts } from './worker-ports.ts'

/** The gateway on workerd with simulated channels: for `npm run dev:worker` and tests, not to deploy. */
export default {
  async fetch(request: Request, env: unknown, context: WorkerContext): Promise<Response> {
    const { sandbox, gateway } = await open(env, context)
    keepCountsSoon(gateway, context)
    return sandbox.fetch(request)
  },

  async scheduled(_: unknown, env: unknown, context: WorkerContext): Promise<void> {
    const { sandbox, gateway } = await open(env, context)
    await sandbox.tick()
    await gateway.sweep(SERVER_BOUNDS)
    await gateway.keepCounts()
  },
}

async function open(env: unknown, context: WorkerContext) {
  const bound = readBindings(env, WORKERS)
  if (!bound.ok) throw new Error(bound.refusal.line)
  const settings = bound.value
  if (settings.mode !== 'sandbox') throw new Error('TONGBAO_MODE must be sandbox here')
  const { publicUrl } = settings
  const database = remoteDatabase(settings.database)
  const sandbox = await openSandbox({
    clock: systemClock,
    random: systemRandom,
    http: fetchPort(provesNothing),
    database,
    publicUrl,
  })
  const { clock, http } = sandbox
  const gateway = createGateway({
    channels,
    settings: gatewaySettings(settings),
    ports: workerPorts(settings, context, {
      clock,
      http,
      database,
      deliver: (notificationId, traceparent) => gateway.deliver(notificationId, traceparent),
    }),
  })
  await sandbox.join(gateway)
  return { sandbox, gateway }
}
