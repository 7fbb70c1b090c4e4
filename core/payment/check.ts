import { and, eq, inArray, notInArray, sql } from 'drizzle-orm'
import type { Core } from '../core.ts'
import type { QueryOutcome } from '../plugin/api.ts'
import { bindChannel } from '../routing/directory.ts'
import { payments } from '../store/schema.ts'
import type { Milliseconds } from '../time.ts'
import { askChannel } from './ask.ts'
import { type PaymentCase, pinnedConfig } from './case.ts'
import { closePayment, closeThere, neverCreated, settleNeverCreated } from './close.ts'
import { isOnItsWay } from './repeat.ts'
import { nextCheckAt, nextPaymentCheckAt } from './schedule.ts'
import { isOpen } from './state.ts'

/**
 * Looks after one payment that waits: asks the channel, and closes what has expired.
 *
 * It never ends a payment by the clock. What expired and is unpaid is closed at the channel first;
 * if the channel does not answer, the payment waits on and is asked about more and more seldom.
 *
 * @param kase claimed by its lease, so that one runner at a time looks after it
 */
export async function checkPayment(core: Core, kase: PaymentCase): Promise<void> {
  const { ports } = core
  const { attempt, payment } = kase
  if (!isOpen(payment.state)) return askOnceMore(core, kase)
  if (isOnItsWay(core, attempt)) {
    return putOff(core, kase, attempt.dispatchLeaseUntilMs ?? ports.clock.now())
  }
  const expired = payment.expiresAtMs <= ports.clock.now()
  if (attempt.outcome === 'not_sent') {
    if (expired) await closePayment(core, kase, 'sweep')
    return putOff(core, kase, payment.expiresAtMs)
  }

  const asked = await askChannel(core, kase, 'query')
  if (!isOpen(asked.payment.state)) return
  const current = { ...kase, payment: asked.payment }
  if (expired && (await mayClose(core, current, asked.outcome.kind))) {
    const closed = await closePayment(core, current, 'sweep')
    const ended = closed.ok || closed.refusal.code === 'not_open'
    if (ended) return
    if (closed.refusal.code === 'channel_cannot_close' && asked.outcome.kind === 'not_found') {
      await settleNeverCreated(core, current)
      return
    }
  }
  await putOff(core, current, nextPaymentCheckAt(asked.payment, ports.clock.now()))
}

/**
 * About a payment that has ended without money, of which there may be more to hear: somebody called
 * with what could not be verified, or it was closed because the channel did not know it. The answer
 * tells whether there is late money, or something that can still be paid, which is closed there too.
 */
async function askOnceMore(core: Core, kase: PaymentCase): Promise<void> {
  const { ports, store } = core
  const { payment } = kase
  // Claimed while it was open, and closed by somebody else since: its time has not come.
  if (payment.nextCheckAtMs === null || payment.nextCheckAtMs > ports.clock.now()) return
  let isHeard = false
  try {
    const { outcome } = await askChannel(core, kase, 'query')
    isHeard = ['succeeded', 'failed', 'closed', 'not_found'].includes(outcome.kind)
    // What the close comes to is heard the next time.
    if (outcome.kind === 'pending') await closeThere(core, kase)
  } finally {
    const nowMs = ports.clock.now()
    const nextMs = nextCheckAt(payment.closedAtMs ?? payment.createdAtMs, nowMs)
    const nextCheckAtMs = isHeard
      ? null
      : sql`case ${payments.state} when 'succeeded' then null else ${nextMs} end`
    await store.write.batch([
      store.write
        .update(payments)
        .set({ nextCheckAtMs, lastCheckAtMs: nowMs, checkLeaseUntilMs: null })
        .where(
          and(
            eq(payments.paymentId, payment.paymentId),
            notInArray(payments.state, ['created', 'pending']),
          ),
        ),
    ])
  }
}

/** What is unpaid may be closed. What is not known may be closed once that means something. */
async function mayClose(
  core: Core,
  kase: PaymentCase,
  asked: QueryOutcome['kind'],
): Promise<boolean> {
  if (asked === 'pending') return true
  if (asked !== 'not_found') return false
  return neverCreated(core, kase, await bindChannel(core, pinnedConfig(kase)))
}

/** Gives the claim back and says when to look again. */
async function putOff(
  { ports, store }: Core,
  { payment }: PaymentCase,
  nextCheckAtMs: Milliseconds,
): Promise<void> {
  await store.write.batch([
    store.write
      .update(payments)
      .set({ nextCheckAtMs, lastCheckAtMs: ports.clock.now(), checkLeaseUntilMs: null })
      .where(
        and(
          eq(payments.paymentId, payment.paymentId),
          inArray(payments.state, ['created', 'pending']),
        ),
      ),
  ])
}
