import process from 'node:process'
import { readBindings } from './bindings.ts'
import { announce, bootEnvironment } from './boot.ts'
import { fetchPort } from './ports/http.ts'
import { watchDenoCall } from './ports/http-deno.ts'
import { publicTargets } from './ports/http-public.ts'
import { openServer } from './server.ts'

/** The little of Deno's own that is used here; the rest is Web standard or `node:`. */
declare const Deno: {
  readonly args: readonly string[]
  exit(code: number): never
  serve(
    options: { hostname: string; port: number; onListen(): void },
    handler: (
      request: Request,
      info: { readonly remoteAddr: { readonly hostname: string } },
    ) => Promise<Response>,
  ): { shutdown(): Promise<void> }
}

const bound = readBindings(bootEnvironment(process.env, Deno.args), { files: true })
if (!bound.ok) fail(bound.refusal.line)
const settings = bound.value

const http = publicTargets(fetchPort(watchDenoCall))
const server = await openServer(settings, http).catch((error: unknown) =>
  fail(`the database cannot be opened: ${messageOf(error)}`),
)
const listener = listen()

for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => {
    listener
      .shutdown()
      .then(() => server.close())
      .then(
        () => Deno.exit(0),
        (error: unknown) => fail(messageOf(error)),
      )
  })
}

function listen() {
  const { host: hostname, port, publicUrl } = settings
  try {
    return Deno.serve(
      { hostname, port, onListen: () => announce(server.demo, publicUrl) },
      (request, { remoteAddr }) => server.fetch(request, remoteAddr.hostname),
    )
  } catch (error) {
    return fail(`cannot listen on ${hostname}:${port}: ${messageOf(error)}`)
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}

/** One clear line, and a status that supervisors understand. */
function fail(line: string): never {
  console.error(`tongbao: ${line}`)
  return Deno.exit(1)
}
