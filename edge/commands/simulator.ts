/**
 * `npm run simulator -- wxpay [port]`: one channel's simulator alone, for clients of that channel.
 *
 * Everything is served as the channel would, but under `/_/`, which is for whoever plays payer and
 * channel: `GET settings`, `payments`, `codes`; `POST open`, `act`, `faults`, `clock`.
 */
import type { Socket } from 'node:net'
import { type Http2Bindings, type HttpBindings, serve } from '@hono/node-server'
import { Hono } from 'hono'
import * as z from 'zod'
import type { Simulator } from '../../core/plugin/simulator.ts'
import { openDatabaseFile } from '../ports/libsql-file.ts'
import { systemClock, systemRandom } from '../ports/system.ts'
import { clockBody, faultsBody, openBody, payBody } from '../sandbox/bodies.ts'
import { createBooksTable, databaseBooks } from '../sandbox/books.ts'
import { type SandboxClock, sandboxClock } from '../sandbox/clock.ts'
import { simulators } from '../simulators.ts'

const TICK_EVERY_MS = 200
const CALLBACK_TIMEOUT_MS = 5_000
const HOST = '127.0.0.1'

const [channel = '', port = '9100'] = process.argv.slice(2)
const create = Object.hasOwn(simulators, channel) ? simulators[channel] : undefined
if (create === undefined) {
  console.error(`tongbao: name one of ${Object.keys(simulators).join(', ')}, and a port`)
  process.exit(1)
}

// Forgotten when the process ends: nothing is ever at stake here.
const { database } = await openDatabaseFile(':memory:')
await createBooksTable(database)
const clock = sandboxClock(systemClock, databaseBooks(database, 'clock'))
const books = databaseBooks(database, channel)
const simulator = create({ clock, random: systemRandom, books, callback: tell })
const operator = operatorRoutes(simulator, clock)

const listener = serve(
  {
    fetch: (request, { incoming }: HttpBindings | Http2Bindings) =>
      answer(request, incoming.socket),
    hostname: HOST,
    port: Number(port),
    // Simulators make Requests of their own, which must stay what the platform has.
    overrideGlobalObjects: false,
  },
  ({ port }) => console.log(`${simulator.names.en}, simulated: http://${HOST}:${port}`),
)
listener.on('error', (error) => {
  console.error(`tongbao: cannot listen on ${HOST}:${port}: ${error.message}`)
  process.exit(1)
})
const ticking = setInterval(() => void tick(), TICK_EVERY_MS)
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => {
    clearInterval(ticking)
    listener.close()
    process.exit(0)
  })
}

async function answer(request: Request, socket: Socket): Promise<Response> {
  if (new URL(request.url).pathname.startsWith('/_/')) return operator.fetch(request)
  const served = await simulator.serve(request)
  if (served instanceof Response) return served
  if (served === 'reset') socket.resetAndDestroy()
  // The caller hears nothing more, whichever it was.
  return new Promise(() => {})
}

let isTicking = false

/** One at a time, whatever a callback takes; and a callback that fails ends nothing. */
async function tick(): Promise<void> {
  if (isTicking) return
  isTicking = true
  try {
    await simulator.tick()
  } catch (error) {
    console.error('tongbao: the simulator stumbled', error)
  } finally {
    isTicking = false
  }
}

async function tell(request: Request): Promise<Response | undefined> {
  try {
    const answered = await fetch(request, { signal: AbortSignal.timeout(CALLBACK_TIMEOUT_MS) })
    return new Response(null, { status: answered.status })
  } catch {
    return undefined // nobody there, or too late: the channel tells again
  }
}

function operatorRoutes(simulator: Simulator, clock: SandboxClock): Hono {
  const app = new Hono().basePath('/_')
  app.get('/settings', async (c) =>
    c.json({
      settings: await simulator.demoSettings(),
      belowProvider: (await simulator.cast?.())?.belowProvider ?? [],
    }),
  )
  app.get('/payments', async (c) => c.json({ payments: await simulator.payments() }))
  app.get('/codes', async (c) => c.json({ codes: (await simulator.payerCodes?.()) ?? [] }))
  app.post('/open', async (c) => {
    const body = openBody.safeParse(await jsonOf(c.req.raw))
    if (!body.success) return c.json({ error: z.prettifyError(body.error) }, 400)
    return c.json((await simulator.open?.(body.data.handed)) ?? { refused: 'nothing opens here' })
  })
  app.post('/act', async (c) => {
    const body = actBody.safeParse(await jsonOf(c.req.raw))
    if (!body.success) return c.json({ error: z.prettifyError(body.error) }, 400)
    return c.json(await simulator.act(body.data.number, body.data.outcome))
  })
  app.post('/faults', async (c) => {
    const body = faultsBody.omit({ channel: true }).safeParse(await jsonOf(c.req.raw))
    if (!body.success) return c.json({ error: z.prettifyError(body.error) }, 400)
    await simulator.misbehave(body.data.faults)
    return c.json({})
  })
  app.post('/clock', async (c) => {
    const body = clockBody.safeParse(await jsonOf(c.req.raw))
    if (!body.success) return c.json({ error: z.prettifyError(body.error) }, 400)
    await clock.advance(body.data.advanceMs)
    await tick()
    return c.json({ nowMs: clock.now() })
  })
  return app
}

const actBody = payBody.extend({ number: z.string().min(1) })

async function jsonOf(request: Request): Promise<unknown> {
  return request.json().catch(() => undefined)
}
