import { eq } from 'drizzle-orm'
import type { AttemptId, PaymentId, TransferId } from '../../core/ids.ts'
import type { PayerAction } from '../../core/plugin/simulator.ts'
import { attempts, payments, transfers } from '../../core/store/schema.ts'
import { NOT_FOUND, type RouteParts, simulatorOf } from './parts.ts'

/** The parts of payer and payee: what a person does at a channel, with what we handed out. */

/** Opens what the payer was handed, as a scan or a tap does, and does this with it. */
export async function playPayer(
  parts: RouteParts,
  paymentId: string,
  action: PayerAction,
): Promise<Response> {
  const { read } = parts.gateway.core.store
  const [found] = await read.batch([
    read
      .select({
        attemptId: payments.attemptId,
        channel: payments.channel,
        handed: attempts.presentationData,
      })
      .from(payments)
      .innerJoin(attempts, eq(attempts.attemptId, payments.attemptId))
      .where(eq(payments.paymentId, paymentId as PaymentId)),
  ])
  const payment = found[0]
  const simulator = payment && simulatorOf(parts, payment.channel)
  if (payment === undefined || simulator === undefined) return missing()
  if (payment.handed) {
    const opened = await simulator.open?.(payment.handed)
    if (opened !== undefined && 'refused' in opened) return refusedBecause(opened.refused)
  }
  return answerOf(await simulator.act(payment.attemptId, action))
}

/** Takes the money of a transfer that waits for its payee, or does not. */
export async function playPayee(
  parts: RouteParts,
  transferId: string,
  action: PayerAction,
): Promise<Response> {
  const { read } = parts.gateway.core.store
  const [found] = await read.batch([
    read
      .select({ channel: transfers.channel })
      .from(transfers)
      .where(eq(transfers.transferId, transferId as TransferId)),
  ])
  const simulator = found[0] && simulatorOf(parts, found[0].channel)
  return simulator === undefined ? missing() : answerOf(await simulator.act(transferId, action))
}

/**
 * Opens something that was handed out, wherever it came from: what a phone does with a QR code, a
 * link, a form or an order string.
 */
export async function openHanded(parts: RouteParts, handed: string): Promise<Response> {
  const { read } = parts.gateway.core.store
  const [ours] = await read.batch([
    read
      .select({ paymentId: attempts.paymentId })
      .from(attempts)
      .where(eq(attempts.presentationData, handed)),
  ])
  const known = ours[0]?.paymentId
  if (known !== undefined) return Response.json({ payOrderId: known })
  const reasons: string[] = []
  for (const simulator of parts.simulators) {
    const opened = await simulator.open?.(handed)
    if (opened === undefined) continue
    if ('refused' in opened) {
      reasons.push(opened.refused)
      continue
    }
    const [of] = await read.batch([
      read
        .select({ paymentId: attempts.paymentId })
        .from(attempts)
        .where(eq(attempts.attemptId, opened.number as AttemptId)),
    ])
    return Response.json({ payOrderId: of[0]?.paymentId ?? null, number: opened.number })
  }
  return refusedBecause(reasons.join('; ') || 'no channel knows what this is')
}

function answerOf({ refused }: { readonly refused?: string }): Response {
  return refused === undefined ? Response.json({ ok: true }) : refusedBecause(refused)
}

function refusedBecause(error: string): Response {
  return Response.json({ error }, { status: 409 })
}

function missing(): Response {
  return Response.json(NOT_FOUND, { status: 404 })
}
