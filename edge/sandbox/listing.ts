import { asc, desc, eq, inArray } from 'drizzle-orm'
import { imageUrlOf } from '../../core/http/image.ts'
import { PAY_DATA_TYPES, stateNumber, TRANSFER_STATES } from '../../core/http/jeepay/wire.ts'
import type { PaymentId, TransferId } from '../../core/ids.ts'
import type { SimulatedPayment } from '../../core/plugin/simulator.ts'
import {
  attempts,
  deliveries,
  outbox,
  payments,
  refunds,
  splitReturns,
  splitShares,
  splits,
  transfers,
} from '../../core/store/schema.ts'
import type { RouteParts } from './parts.ts'
import { visitable } from './visiting.ts'

const SHOWN = 30

/** The latest payments, or one, with what the channel and the merchant know of them. */
export async function listOrders(parts: RouteParts, payOrderId?: string) {
  const { core } = parts.gateway
  const { read } = core.store
  const wanted =
    payOrderId === undefined ? undefined : eq(payments.paymentId, payOrderId as PaymentId)
  const [rows] = await read.batch([
    read
      .select({ payment: payments, attempt: attempts })
      .from(payments)
      .innerJoin(attempts, eq(attempts.attemptId, payments.attemptId))
      .where(wanted)
      .orderBy(desc(payments.createdAtMs), desc(payments.paymentId))
      .limit(SHOWN),
  ])
  const ids = rows.map(({ payment }) => payment.paymentId)
  const [back, shared, shares, returned] = await read.batch([
    read
      .select()
      .from(refunds)
      .where(inArray(refunds.paymentId, ids))
      .orderBy(asc(refunds.refundId)),
    read.select().from(splits).where(inArray(splits.paymentId, ids)).orderBy(asc(splits.splitId)),
    read
      .select({ share: splitShares })
      .from(splitShares)
      .innerJoin(splits, eq(splits.splitId, splitShares.splitId))
      .where(inArray(splits.paymentId, ids))
      .orderBy(asc(splitShares.splitId), asc(splitShares.number)),
    read
      .select()
      .from(splitReturns)
      .where(inArray(splitReturns.paymentId, ids))
      .orderBy(asc(splitReturns.splitReturnId)),
  ])
  const told = await notificationsOf(parts, [
    ...ids,
    ...back.map(({ refundId }) => refundId),
    ...shared.map(({ splitId }) => splitId),
    ...returned.map(({ splitReturnId }) => splitReturnId),
  ])
  const atChannels = await knownToChannels(parts)
  return Promise.all(
    rows.map(async ({ payment, attempt }) => {
      const known = atChannels.get(payment.attemptId)
      const ofThis = <Row extends { readonly paymentId: string }>(some: readonly Row[]) =>
        some.filter(({ paymentId }) => paymentId === payment.paymentId)
      const subjects: readonly string[] = [
        payment.paymentId,
        ...ofThis(back).map(({ refundId }) => refundId),
        ...ofThis(shared).map(({ splitId }) => splitId),
        ...ofThis(returned).map(({ splitReturnId }) => splitReturnId),
      ]
      return {
        payOrderId: payment.paymentId,
        mchOrderNo: payment.merchantPaymentNo,
        appId: payment.appId,
        wayCode: payment.way,
        ifCode: payment.channel,
        amount: payment.amountMinor,
        subject: payment.subject,
        state: stateNumber(payment),
        stateName: payment.state,
        frozenBecause: payment.frozenBecause,
        errCode: payment.errorCode,
        errMsg: payment.errorMessage,
        createdAt: payment.createdAtMs,
        expiresAt: payment.expiresAtMs,
        channelState: known?.state ?? null,
        // What nobody has opened yet is not there for the channel; opening it is the payer's part.
        actions: known?.actions ?? (isOpenable(parts, payment, attempt) ? UNOPENED : []),
        ...(await presented(parts, payment.paymentId, attempt)),
        refunds: ofThis(back).map(({ refundId, amountMinor, state }) => ({
          refundId,
          amount: amountMinor,
          state,
        })),
        splits: ofThis(shared).map(({ splitId, state, amountMinor, finishes, errorMessage }) => ({
          divisionId: splitId,
          amount: amountMinor,
          state,
          finishes,
          errMsg: errorMessage,
          shares: shares
            .filter(({ share }) => share.splitId === splitId)
            .map(({ share }) => ({
              receiverId: share.receiverId,
              account: share.account,
              amount: share.amountMinor,
              state: share.state,
              returnedAmount: share.returnReservedMinor,
              errMsg: share.errorMessage,
            })),
        })),
        splitReturns: ofThis(returned).map(({ splitReturnId, account, amountMinor, state }) => ({
          divisionReturnId: splitReturnId,
          account,
          amount: amountMinor,
          state,
        })),
        canSplit: payment.splitMode === 'manual' && payment.splitState === 'none',
        notifications: told.filter(({ subjectId }) => subjects.includes(subjectId)),
      }
    }),
  )
}

/** The latest transfers, or one. */
export async function listTransfers(parts: RouteParts, transferId?: string) {
  const { read } = parts.gateway.core.store
  const wanted =
    transferId === undefined ? undefined : eq(transfers.transferId, transferId as TransferId)
  const [rows] = await read.batch([
    read
      .select()
      .from(transfers)
      .where(wanted)
      .orderBy(desc(transfers.createdAtMs), desc(transfers.transferId))
      .limit(SHOWN),
  ])
  const told = await notificationsOf(
    parts,
    rows.map((transfer) => transfer.transferId),
  )
  const atChannels = await knownToChannels(parts)
  return rows.map((transfer) => {
    const known = atChannels.get(transfer.transferId)
    return {
      transferId: transfer.transferId,
      mchOrderNo: transfer.merchantTransferNo,
      ifCode: transfer.channel,
      entryType: transfer.entry,
      amount: transfer.amountMinor,
      accountNo: transfer.account,
      accountName: transfer.accountName,
      state: TRANSFER_STATES[transfer.state],
      stateName: transfer.state,
      errCode: transfer.errorCode,
      errMsg: transfer.errorMessage,
      createdAt: transfer.createdAtMs,
      channelState: known?.state ?? null,
      actions: known?.actions ?? [],
      notifications: told.filter(({ subjectId }) => subjectId === transfer.transferId),
    }
  })
}

type Attempt = typeof attempts.$inferSelect
type Payment = typeof payments.$inferSelect

const UNOPENED = ['pay', 'cancel', 'insufficient_balance', 'fail'] as const

function isOpenable({ simulators }: RouteParts, payment: Payment, attempt: Attempt): boolean {
  const simulator = simulators.find(({ channel }) => channel === payment.channel)
  const isWaiting = payment.state === 'created' || payment.state === 'pending'
  return isWaiting && simulator?.open !== undefined && Boolean(attempt.presentationData)
}

/** What the payer was handed, and where a person can look at it. */
async function presented(parts: RouteParts, paymentId: PaymentId, attempt: Attempt) {
  const { presentationKind: kind, presentationData: data } = attempt
  if (kind === null || data === null || kind === 'nothing') return { payDataType: null }
  const visit = kind === 'redirect_url' ? visitable(parts.simulators, data) : undefined
  const isDrawn = kind === 'qr_text'
  return {
    payDataType: PAY_DATA_TYPES[kind],
    payData: data,
    image: isDrawn ? await imageUrlOf(parts.gateway.core, paymentId) : null,
    visit: visit ?? null,
  }
}

async function knownToChannels({
  simulators,
}: RouteParts): Promise<ReadonlyMap<string, SimulatedPayment>> {
  const all = await Promise.all(simulators.map((simulator) => simulator.payments()))
  return new Map(all.flat().map((known) => [known.number, known] as const))
}

async function notificationsOf(parts: RouteParts, subjects: readonly string[]) {
  const { read } = parts.gateway.core.store
  const about = inArray(outbox.subjectId, subjects as (typeof outbox.$inferSelect)['subjectId'][])
  const [told, tries] = await read.batch([
    read.select().from(outbox).where(about).orderBy(asc(outbox.notificationId)),
    read
      .select({ one: deliveries })
      .from(deliveries)
      .innerJoin(outbox, eq(outbox.notificationId, deliveries.notificationId))
      .where(about)
      .orderBy(asc(deliveries.notificationId), asc(deliveries.number)),
  ])
  return told.map(({ notificationId, subjectId, kind, url, state, nextTryAtMs }) => ({
    notificationId,
    subjectId: subjectId as string,
    kind,
    url,
    state,
    nextTryAt: nextTryAtMs,
    tries: tries
      .filter(({ one }) => one.notificationId === notificationId)
      .map(({ one }) => ({
        number: one.number,
        status: one.status,
        answer: one.answer,
        problem: one.problem,
      })),
  }))
}
