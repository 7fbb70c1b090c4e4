import { asc, desc, eq } from 'drizzle-orm'
import { Hono } from 'hono'
import * as z from 'zod'
import { page } from '../../admin/sandbox-page.ts'
import type { Gateway } from '../../core/gateway.ts'
import { stateNumber } from '../../core/http/jeepay/wire.ts'
import type { PaymentId } from '../../core/ids.ts'
import type { Books, Fault, PayerAction, Simulator } from '../../core/plugin/simulator.ts'
import { deliveries, outbox, payments, refunds } from '../../core/store/schema.ts'
import { SERVER_BOUNDS } from '../../core/sweep/sweep.ts'
import type { SandboxClock } from './clock.ts'
import type { DemoApp } from './demo.ts'
import { demoOrder, demoRefund, receiveNotification } from './demo-shop.ts'

export interface RouteParts {
  readonly gateway: Gateway
  readonly simulators: readonly Simulator[]
  readonly clock: SandboxClock
  readonly demo: DemoApp
  readonly publicUrl: string
  readonly books: Books
}

const SHOWN = 30

/** `/sandbox`: a page, and the same over JSON. Mounted in sandbox mode alone. */
export function sandboxRoutes(parts: RouteParts): Hono {
  const { gateway, simulators, clock } = parts
  const app = new Hono({ strict: false }).basePath('/sandbox')

  app.get('/', (c) => c.html(page))
  app.get('/api/orders', async (c) => c.json({ orders: await listOrders(parts) }))
  app.get('/api/orders/:payOrderId', async (c) => {
    const order = (await listOrders(parts, c.req.param('payOrderId')))[0]
    return order === undefined ? c.json(notFound, 404) : c.json(order)
  })
  app.post('/api/orders', async (c) => {
    const body = demoOrderBody.safeParse(await jsonOf(c.req.raw))
    if (!body.success) return c.json(problemOf(body.error), 400)
    return demoOrder(parts, body.data)
  })
  app.post('/api/orders/:payOrderId/pay', async (c) => {
    const body = payBody.safeParse(await jsonOf(c.req.raw))
    if (!body.success) return c.json(problemOf(body.error), 400)
    return playPayer(parts, c.req.param('payOrderId'), body.data.outcome)
  })
  app.post('/api/orders/:payOrderId/refund', async (c) => {
    const body = refundBody.safeParse(await jsonOf(c.req.raw))
    if (!body.success) return c.json(problemOf(body.error), 400)
    return demoRefund(parts, c.req.param('payOrderId'), body.data.amount)
  })
  app.post('/api/faults', async (c) => {
    const body = faultsBody.safeParse(await jsonOf(c.req.raw))
    if (!body.success) return c.json(problemOf(body.error), 400)
    const simulator = simulators.find(({ channel }) => channel === body.data.channel)
    if (simulator === undefined) return c.json(notFound, 404)
    await simulator.misbehave(body.data.faults)
    return c.json({ ok: true })
  })
  app.get('/api/merchant', (c) => c.json({ baseUrl: parts.publicUrl, ...parts.demo }))
  app.get('/api/channels', (c) =>
    c.json({
      channels: simulators.map(({ channel, names }) => ({
        channel,
        names,
        ways: Object.keys(gateway.core.channels.get(channel)?.manifest.ways ?? {}),
      })),
    }),
  )
  app.get('/api/channels/:channel/payments', async (c) => {
    const simulator = simulators.find(({ channel }) => channel === c.req.param('channel'))
    if (simulator === undefined) return c.json(notFound, 404)
    return c.json({ payments: await simulator.payments() })
  })
  app.get('/api/clock', (c) => c.json({ nowMs: clock.now() }))
  app.post('/api/clock', async (c) => {
    const body = clockBody.safeParse(await jsonOf(c.req.raw))
    if (!body.success) return c.json(problemOf(body.error), 400)
    await clock.advance(body.data.advanceMs)
    await doWhatIsDue(parts)
    return c.json({ nowMs: clock.now() })
  })
  app.post('/merchant/notify', (c) => receiveNotification(parts, c.req.raw))
  app.notFound((c) => c.json(notFound, 404))
  return app
}

const notFound = { error: 'there is no such thing in this sandbox' }

const ACTIONS = [
  'pay',
  'cancel',
  'insufficient_balance',
  'password',
  'fail',
] as const satisfies readonly PayerAction[]

const payBody = z.object({ outcome: z.enum(ACTIONS).default('pay') })
const refundBody = z.object({ amount: z.int().min(1) })
const clockBody = z.object({
  advanceMs: z
    .int()
    .min(0)
    .max(400 * 86_400_000),
})
const demoOrderBody = z.object({
  wayCode: z.string(),
  amount: z.int().min(1),
  subject: z.string().default('演示商品'),
  channelExtra: z.record(z.string(), z.string()).default({}),
})

const answerFaults = [
  'silence_before',
  'silence_after',
  'reset_before',
  'reset_after',
  'error_before',
  'error_after',
  'html_before',
  'rate_limited',
  'bad_signature',
  'truncated',
  'not_found',
] as const
const callbackFaults = [
  'drop',
  'duplicate',
  'early',
  'reorder',
  'delay',
  'bad_signature',
  'wrong_amount',
  'wrong_merchant',
] as const
const operations = [
  'pay',
  'query',
  'close',
  'refund',
  'query_refund',
  'transfer',
  'query_transfer',
  'split',
  'query_split',
  'bill',
] as const
const times = z.int().min(1).max(1_000_000).default(1)
const fault = z.union([
  z.object({ on: z.enum(operations), fault: z.enum(answerFaults), times }),
  z
    .object({
      on: z.literal('callback'),
      fault: z.enum(callbackFaults),
      delayMs: z.int().min(0).optional(),
      times,
    })
    .transform(
      ({ delayMs, ...rest }): Fault => ({
        ...rest,
        ...(delayMs !== undefined && { delayMs }),
      }),
    ),
])
const faultsBody = z.object({ channel: z.string(), faults: z.array(fault) })

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

/** What the channel's clock and ours have waiting, until nothing more is due at this moment. */
async function doWhatIsDue({ gateway, simulators }: RouteParts): Promise<void> {
  for (const simulator of simulators) await simulator.tick()
  await gateway.sweep(SERVER_BOUNDS)
}

async function playPayer(
  { gateway, simulators }: RouteParts,
  payOrderId: string,
  action: PayerAction,
): Promise<Response> {
  const db = gateway.core.store.read
  const [found] = await db.batch([
    db
      .select({ attemptId: payments.attemptId, channel: payments.channel })
      .from(payments)
      .where(eq(payments.paymentId, payOrderId as PaymentId)),
  ])
  const payment = found[0]
  const simulator = simulators.find(({ channel }) => channel === payment?.channel)
  if (payment === undefined || simulator === undefined)
    return Response.json(notFound, { status: 404 })
  const acted = await simulator.act(payment.attemptId, action)
  return acted.refused === undefined
    ? Response.json({ ok: true })
    : Response.json({ error: acted.refused }, { status: 409 })
}

/** The latest payments, with what the channel and the merchant know of them. */
async function listOrders({ gateway, simulators }: RouteParts, payOrderId?: string) {
  const db = gateway.core.store.read
  const latest = db
    .select()
    .from(payments)
    .where(payOrderId === undefined ? undefined : eq(payments.paymentId, payOrderId as PaymentId))
    .orderBy(desc(payments.createdAtMs))
    .limit(SHOWN)
  const [rows, told, tries, back] = await db.batch([
    latest,
    db
      .select()
      .from(outbox)
      .orderBy(desc(outbox.notificationId))
      .limit(5 * SHOWN),
    db
      .select()
      .from(deliveries)
      .orderBy(desc(deliveries.notificationId), asc(deliveries.number))
      .limit(20 * SHOWN),
    db
      .select()
      .from(refunds)
      .orderBy(desc(refunds.refundId))
      .limit(5 * SHOWN),
  ])
  const atChannels = new Map(
    (await Promise.all(simulators.map((simulator) => simulator.payments())))
      .flat()
      .map((known) => [known.number, known] as const),
  )
  return rows.map((payment) => {
    const known = atChannels.get(payment.attemptId)
    const ofThis = back.filter(({ paymentId }) => paymentId === payment.paymentId)
    const subjects = new Set<string>([payment.paymentId, ...ofThis.map(({ refundId }) => refundId)])
    return {
      payOrderId: payment.paymentId,
      mchOrderNo: payment.merchantPaymentNo,
      wayCode: payment.way,
      ifCode: payment.channel,
      amount: payment.amountMinor,
      subject: payment.subject,
      state: stateNumber(payment),
      stateName: payment.state,
      createdAt: payment.createdAtMs,
      expiresAt: payment.expiresAtMs,
      channelState: known?.state ?? null,
      actions: known?.actions ?? [],
      refunds: ofThis.map(({ refundId, amountMinor, state }) => ({
        refundId,
        amount: amountMinor,
        state,
      })),
      notifications: told
        .filter(({ subjectId }) => subjects.has(subjectId))
        .map(({ notificationId, kind, url, state, nextTryAtMs }) => ({
          notificationId,
          kind,
          url,
          state,
          nextTryAt: nextTryAtMs,
          tries: tries
            .filter((one) => one.notificationId === notificationId)
            .map(({ number, status, answer, problem }) => ({ number, status, answer, problem })),
        })),
    }
  })
}
