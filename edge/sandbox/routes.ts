import { eq } from 'drizzle-orm'
import { type Context, Hono } from 'hono'
import type * as z from 'zod'
import { page } from '../../admin/sandbox-page.ts'
import type { PaymentId } from '../../core/ids.ts'
import { payments } from '../../core/store/schema.ts'
import { SERVER_BOUNDS } from '../../core/sweep/sweep.ts'
import {
  ANSWER_FAULTS,
  CALLBACK_FAULTS,
  clockBody,
  faultsBody,
  OPERATIONS,
  openBody,
  orderBody,
  payBody,
  refundBody,
  splitBody,
  splitReturnBody,
  transferBody,
} from './bodies.ts'
import {
  allApps,
  demoClose,
  demoOrder,
  demoRefund,
  demoSplit,
  demoSplitReturn,
  demoTransfer,
  demoTransferCancel,
  receiveNotification,
} from './demo-shop.ts'
import { listOrders, listTransfers } from './listing.ts'
import { manifestOf, NOT_FOUND, type RouteParts, simulatorOf } from './parts.ts'
import { openHanded, playPayee, playPayer } from './playing.ts'
import { askWhoPays, visit } from './visiting.ts'

/** `/sandbox`: a page, and the same over JSON. Mounted in sandbox mode alone. */
export function sandboxRoutes(parts: RouteParts): Hono {
  const { simulators, clock } = parts
  const app = new Hono({ strict: false }).basePath('/sandbox')

  app.get('/', (c) => c.html(page))
  app.get('/api/merchant', (c) =>
    c.json({ baseUrl: parts.publicUrl, ...parts.demo.app, apps: allApps(parts) }),
  )

  app.get('/api/orders', async (c) => c.json({ orders: await listOrders(parts) }))
  app.get('/api/orders/:payOrderId', async (c) => {
    const order = (await listOrders(parts, c.req.param('payOrderId')))[0]
    return order === undefined ? c.json(NOT_FOUND, 404) : c.json(order)
  })
  app.post('/api/orders', (c) => withBody(c, orderBody, (order) => demoOrder(parts, order)))
  app.post('/api/orders/:payOrderId/pay', (c) =>
    withBody(c, payBody, ({ outcome }) => playPayer(parts, c.req.param('payOrderId'), outcome)),
  )
  app.post('/api/orders/:payOrderId/close', (c) =>
    withPayment(parts, c, (payment) => demoClose(parts, payment)),
  )
  app.post('/api/orders/:payOrderId/refund', (c) =>
    withBody(c, refundBody, ({ amount }) =>
      withPayment(parts, c, (payment) =>
        demoRefund(parts, payment, amount ?? payment.amountMinor - payment.refundReservedMinor),
      ),
    ),
  )
  app.post('/api/orders/:payOrderId/split', (c) =>
    withBody(c, splitBody, ({ finish }) =>
      withPayment(parts, c, (payment) => demoSplit(parts, payment, finish)),
    ),
  )
  app.post('/api/orders/:payOrderId/split/return', (c) =>
    withBody(c, splitReturnBody, (asked) =>
      withPayment(parts, c, (payment) => demoSplitReturn(parts, payment, asked)),
    ),
  )
  app.post('/api/open', (c) => withBody(c, openBody, ({ handed }) => openHanded(parts, handed)))

  app.get('/api/transfers', async (c) => c.json({ transfers: await listTransfers(parts) }))
  app.get('/api/transfers/:transferId', async (c) => {
    const transfer = (await listTransfers(parts, c.req.param('transferId')))[0]
    return transfer === undefined ? c.json(NOT_FOUND, 404) : c.json(transfer)
  })
  app.post('/api/transfers', (c) =>
    withBody(c, transferBody, (asked) =>
      demoTransfer(parts, simulatorOf(parts, asked.ifCode), asked),
    ),
  )
  app.post('/api/transfers/:transferId/take', (c) =>
    withBody(c, payBody, ({ outcome }) => playPayee(parts, c.req.param('transferId'), outcome)),
  )
  app.post('/api/transfers/:transferId/cancel', (c) =>
    demoTransferCancel(parts, c.req.param('transferId')),
  )

  app.get('/api/channels', async (c) => c.json({ channels: await listChannels(parts) }))
  app.get('/api/channels/:channel/payments', async (c) => {
    const simulator = simulatorOf(parts, c.req.param('channel'))
    if (simulator === undefined) return c.json(NOT_FOUND, 404)
    return c.json({ payments: await simulator.payments() })
  })
  app.get('/api/channels/:channel/codes', async (c) => {
    const simulator = simulatorOf(parts, c.req.param('channel'))
    if (simulator === undefined) return c.json(NOT_FOUND, 404)
    return c.json({ codes: (await simulator.payerCodes?.()) ?? [] })
  })
  app.get('/api/faults', (c) =>
    c.json({ operations: OPERATIONS, answer: ANSWER_FAULTS, callback: CALLBACK_FAULTS }),
  )
  app.post('/api/faults', (c) =>
    withBody(c, faultsBody, async ({ channel, faults }) => {
      const simulator = simulatorOf(parts, channel)
      if (simulator === undefined) return c.json(NOT_FOUND, 404)
      await simulator.misbehave(faults)
      return c.json({ ok: true })
    }),
  )

  app.get('/api/clock', (c) => c.json({ nowMs: clock.now() }))
  app.post('/api/clock', (c) =>
    withBody(c, clockBody, async ({ advanceMs }) => {
      await clock.advance(advanceMs)
      for (const simulator of simulators) await simulator.tick()
      await parts.gateway.sweep(SERVER_BOUNDS)
      return c.json({ nowMs: clock.now() })
    }),
  )

  app.get('/identity/:channel', (c) => askWhoPays(parts, c.req.param('channel')))
  app.on(['GET', 'POST'], '/visit/*', (c) => visit(parts, c.req.raw))
  app.post('/merchant/notify', (c) => receiveNotification(parts, c.req.raw))
  app.notFound((c) => c.json(NOT_FOUND, 404))
  return app
}

async function listChannels(parts: RouteParts) {
  return Promise.all(
    parts.simulators.map(async (simulator) => {
      const { channel, names } = simulator
      const manifest = manifestOf(parts, channel)
      const cast = await simulator.cast?.()
      return {
        channel,
        names,
        ways: Object.entries(manifest?.ways ?? {}).map(([wayCode, way]) => ({
          wayCode,
          names: way.names,
          inputs: Object.keys(way.input.shape),
          presents: way.presents,
        })),
        transfers: Object.entries(manifest?.transfers ?? {}).map(([entryType, entry]) => ({
          entryType,
          names: entry.names,
          payee: cast?.payees[entryType] ?? null,
        })),
        payer: cast?.payer ?? {},
      }
    }),
  )
}

async function withBody<Schema extends z.ZodType>(
  c: Context,
  schema: Schema,
  handle: (body: z.output<Schema>) => Promise<Response> | Response,
): Promise<Response> {
  const body = schema.safeParse(await jsonOf(c.req.raw))
  return body.success ? handle(body.data) : c.json(problemOf(body.error), 400)
}

async function withPayment(
  { gateway }: RouteParts,
  c: Context,
  handle: (payment: typeof payments.$inferSelect) => Promise<Response>,
): Promise<Response> {
  const { read } = gateway.core.store
  const payOrderId = c.req.param('payOrderId') as PaymentId
  const [found] = await read.batch([
    read.select().from(payments).where(eq(payments.paymentId, payOrderId)),
  ])
  return found[0] === undefined ? c.json(NOT_FOUND, 404) : handle(found[0])
}

async function jsonOf(request: Request): Promise<unknown> {
  const text = await request.text()
  if (text.trim() === '') return {}
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function problemOf(error: z.ZodError) {
  return {
    error: error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`).join('; '),
  }
}
