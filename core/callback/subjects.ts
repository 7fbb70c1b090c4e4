import { and, eq } from 'drizzle-orm'
import type { BatchItem } from 'drizzle-orm/batch'
import type { Core } from '../core.ts'
import { applyFact } from '../payment/apply.ts'
import { type PaymentCase, selectCases } from '../payment/case.ts'
import type { Fact } from '../plugin/api.ts'
import { applyRefundFact } from '../refund/apply.ts'
import { type RefundRow, selectRefundCases } from '../refund/case.ts'
import { applySplitFact } from '../split/apply.ts'
import { loadSplits, type SplitCase } from '../split/case.ts'
import { attempts, refunds, splits, transfers } from '../store/schema.ts'
import { applyTransferFact, type TransferRow } from '../transfer/apply.ts'
import { selectTransferCases } from '../transfer/case.ts'
import type { Known } from './known.ts'

/** A fact with what it is about, both of the account whose keys verified it. */
export type Subject =
  | {
      readonly about: 'payment'
      readonly fact: Fact & { about: 'payment' }
      readonly kase: PaymentCase
    }
  | {
      readonly about: 'refund'
      readonly fact: Fact & { about: 'refund' }
      readonly refund: RefundRow
    }
  | {
      readonly about: 'transfer'
      readonly fact: Fact & { about: 'transfer' }
      readonly transfer: TransferRow
    }
  | { readonly about: 'split'; readonly fact: Fact & { about: 'split' }; readonly kase: SplitCase }

/**
 * Finds what a fact is about, if the call's address may tell of it: an address of a payment tells of
 * that payment and its refunds, one of a refund or transfer of just that, one of an account of all
 * that was sent through the account.
 *
 * @returns nothing when the fact is about something else
 */
export async function subjectOf(
  core: Core,
  known: Known,
  fact: Fact,
): Promise<Subject | undefined> {
  switch (fact.about) {
    case 'payment': {
      const kase = await findPayment(core, known, fact.attemptId)
      return kase && { about: 'payment', fact, kase }
    }
    case 'refund': {
      const refund = await findRefund(core, known, fact.refundId)
      return refund && { about: 'refund', fact, refund }
    }
    case 'transfer': {
      const transfer = await findTransfer(core, known, fact.transferId)
      return transfer && { about: 'transfer', fact, transfer }
    }
    case 'split': {
      if (known.about !== 'account') return undefined
      const [kase] = await loadSplits(
        core,
        and(eq(splits.splitId, fact.splitId), isOf(known.configs, splits.accountId)),
      )
      return kase && { about: 'split', fact, kase }
    }
  }
}

/** Merges a fact into its subject, with `also` in the same batch. */
export async function mergeInto(
  core: Core,
  subject: Subject,
  also: () => readonly BatchItem<'sqlite'>[],
): Promise<void> {
  const source = 'callback'
  switch (subject.about) {
    case 'payment':
      await applyFact(core, subject.kase, { fact: subject.fact, source }, also)
      return
    case 'refund':
      await applyRefundFact(core, subject.refund, { fact: subject.fact, source }, also)
      return
    case 'transfer':
      await applyTransferFact(core, subject.transfer, { fact: subject.fact, source }, also)
      return
    case 'split':
      await applySplitFact(core, subject.kase, { fact: subject.fact, source }, also)
      return
  }
}

async function findPayment(
  { store }: Core,
  known: Known,
  attemptId: PaymentCase['attempt']['attemptId'],
): Promise<PaymentCase | undefined> {
  if (known.about === 'payment') {
    return known.kase.attempt.attemptId === attemptId ? known.kase : undefined
  }
  if (known.about !== 'account') return undefined
  const [cases] = await store.read.batch([
    selectCases(and(eq(attempts.attemptId, attemptId), isOf(known.configs, attempts.accountId))),
  ])
  return cases[0]
}

async function findRefund(
  { store }: Core,
  known: Known,
  refundId: RefundRow['refundId'],
): Promise<RefundRow | undefined> {
  if (known.about === 'refund') {
    return known.kase.refund.refundId === refundId ? known.kase.refund : undefined
  }
  if (known.about === 'transfer') return undefined
  const ofSame =
    known.about === 'payment'
      ? eq(refunds.paymentId, known.kase.payment.paymentId)
      : isOf(known.configs, refunds.accountId)
  const [cases] = await store.read.batch([
    selectRefundCases(and(eq(refunds.refundId, refundId), ofSame)),
  ])
  return cases[0]?.refund
}

async function findTransfer(
  { store }: Core,
  known: Known,
  transferId: TransferRow['transferId'],
): Promise<TransferRow | undefined> {
  if (known.about === 'transfer') {
    return known.kase.transfer.transferId === transferId ? known.kase.transfer : undefined
  }
  if (known.about !== 'account') return undefined
  const [cases] = await store.read.batch([
    selectTransferCases(
      and(eq(transfers.transferId, transferId), isOf(known.configs, transfers.accountId)),
    ),
  ])
  return cases[0]?.transfer
}

type AccountColumn =
  | typeof attempts.accountId
  | typeof refunds.accountId
  | typeof transfers.accountId
  | typeof splits.accountId

function isOf(configs: Extract<Known, { about: 'account' }>['configs'], column: AccountColumn) {
  const [first] = configs
  return first === undefined ? undefined : eq(column, first.accountId)
}
