import { type Http2Bindings, type HttpBindings, serve } from '@hono/node-server'
import { readBindings } from './bindings.ts'
import { announce, bootEnvironment } from './boot.ts'
import { fetchPort } from './ports/http.ts'
import { watchNodeCalls } from './ports/http-node.ts'
import { publicTargets } from './ports/http-public.ts'
import { openServer } from './server.ts'

const bound = readBindings(bootEnvironment(process.env, process.argv), { files: true })
if (!bound.ok) fail(bound.refusal.line)
const settings = bound.value

const http = publicTargets(fetchPort(watchNodeCalls()))
const server = await openServer(settings, http).catch((error: unknown) =>
  fail(`the database cannot be opened: ${messageOf(error)}`),
)
const listener = serve(
  {
    fetch: (request, { incoming }: HttpBindings | Http2Bindings) =>
      server.fetch(request, incoming.socket.remoteAddress),
    hostname: settings.host,
    port: settings.port,
    // Simulators and tests make Requests of their own, which must stay what the platform has.
    overrideGlobalObjects: false,
  },
  () => announce(server.demo, settings.publicUrl),
)
listener.on('error', (error) =>
  fail(`cannot listen on ${settings.host}:${settings.port}: ${error.message}`),
)

for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => {
    listener.close()
    server.close().then(
      () => process.exit(0),
      (error: unknown) => fail(messageOf(error)),
    )
  })
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}

/** One clear line, and a status that supervisors understand. */
function fail(line: string): never {
  console.error(`tongbao: ${line}`)
  process.exit(1)
}
