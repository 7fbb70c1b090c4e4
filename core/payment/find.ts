import { and, eq, inArray, isNull, lte, or } from 'drizzle-orm'
import type { Core } from '../core.ts'
import type { PaymentId } from '../ids.ts'
import { ok, type Result, refuse } from '../result.ts'
import { revisionOf, selectConfigRevision } from '../routing/config-revision.ts'
import type { AppEntry } from '../routing/directory.ts'
import { payments } from '../store/schema.ts'
import { SECOND_MS } from '../time.ts'
import { askChannel } from './ask.ts'
import { type PaymentCase, type PaymentRow, selectCases } from './case.ts'
import { isOnItsWay } from './repeat.ts'
import { isOpen } from './state.ts'

export interface PaymentName {
  /** One of the two names the payment; ours wins. */
  readonly paymentId: PaymentId | undefined
  readonly merchantPaymentNo: string | undefined
}

export type FindRefusal = { readonly code: 'stale_app' } | { readonly code: 'payment_not_found' }

/** Finds a payment of this app, in one round trip. What another app took is not found. */
export async function findPayment(
  core: Core,
  app: AppEntry,
  { paymentId, merchantPaymentNo }: PaymentName,
): Promise<Result<PaymentCase, FindRefusal>> {
  const { store } = core
  const [revisions, cases] = await store.read.batch([
    selectConfigRevision({}),
    selectCases(
      and(
        paymentId === undefined
          ? eq(payments.merchantPaymentNo, merchantPaymentNo ?? '')
          : eq(payments.paymentId, paymentId),
        eq(payments.merchantNo, app.merchantNo),
        eq(payments.appId, app.appId),
      ),
    ),
  ])
  if (revisionOf(revisions) !== app.revision) return refuse({ code: 'stale_app' })
  const kase = cases[0]
  return kase === undefined ? refuse({ code: 'payment_not_found' }) : ok(kase)
}

/** How long a merchant who asks may be kept waiting for the channel. */
const ASK_BUDGET_MS = 2 * SECOND_MS
/** The channel is not asked about one payment more often than this, however often we are. */
const ASK_EVERY_MS = 2 * SECOND_MS
const ASK_LEASE_MS = 10 * SECOND_MS

/**
 * The payment as the channel has it, if it is still open and the channel answers in time; else as
 * it is stored. What the channel says too late is merged all the same.
 */
export async function freshened(core: Core, kase: PaymentCase): Promise<PaymentRow> {
  const { payment, attempt } = kase
  const { clock } = core.ports
  const isWorthAsking =
    isOpen(payment.state) &&
    attempt.outcome !== 'not_sent' &&
    !isOnItsWay(core, attempt) &&
    (payment.lastCheckAtMs ?? 0) + ASK_EVERY_MS <= clock.now()
  if (!isWorthAsking) return payment
  const asking = ask(core, kase)
  core.ports.background(asking)
  return Promise.race([asking, clock.sleep(ASK_BUDGET_MS).then(() => payment)])
}

async function ask(core: Core, kase: PaymentCase): Promise<PaymentRow> {
  try {
    if (!(await claim(core, kase.payment))) return kase.payment
    return (await askChannel(core, kase, 'query')).payment
  } catch (error) {
    const reason = error instanceof Error ? error.message : 'unknown'
    const { paymentId } = kase.payment
    core.ports.log.write('warn', 'the channel could not be asked', { paymentId, reason })
    return kase.payment
  }
}

/** One asker at a time, the sweep included. */
async function claim({ ports, store }: Core, payment: PaymentRow): Promise<boolean> {
  const nowMs = ports.clock.now()
  const [claimed] = await store.write.batch([
    store.write
      .update(payments)
      .set({ lastCheckAtMs: nowMs, checkLeaseUntilMs: nowMs + ASK_LEASE_MS })
      .where(
        and(
          eq(payments.paymentId, payment.paymentId),
          inArray(payments.state, ['created', 'pending']),
          or(isNull(payments.lastCheckAtMs), lte(payments.lastCheckAtMs, nowMs - ASK_EVERY_MS)),
          or(isNull(payments.checkLeaseUntilMs), lte(payments.checkLeaseUntilMs, nowMs)),
        ),
      )
      .returning({ paymentId: payments.paymentId }),
  ])
  return claimed.length === 1
}
