import type { Minor } from '../money.ts'
import type { TransferFact } from '../plugin/api.ts'
import type { NotificationKind } from '../store/schema.ts'
import type { Milliseconds } from '../time.ts'
import { mayMoveTransfer, type TransferState } from './state.ts'

/** What a merge reads of a transfer, and may change. */
export interface TransferStanding {
  readonly state: TransferState
  readonly amountMinor: Minor
  readonly currency: string
  readonly channelTransferNo: string | null
  readonly errorCode: string | null
  readonly errorMessage: string | null
  readonly needsOperator: boolean
  readonly transferredAtMs: Milliseconds | null
}

export interface TransferChange {
  readonly set: Partial<TransferStanding>
  readonly event: TransferEvent
  readonly tells?: Extract<NotificationKind, `transfer.${string}`>
  readonly alarm?: 'transfer_differs' | 'transferred_after_failure'
}

export type TransferEvent =
  | 'transfer.created'
  | 'transfer.pending'
  | 'transfer.succeeded'
  | 'transfer.failed'
  | 'transfer.closed'
  | 'transfer.needs_operator'

/**
 * What a fact does to a transfer. Pure; the same ladder as for payments, success on top.
 *
 * @param payee the account that the transfer was asked of, as pinned by it
 * @returns what to write, or nothing when the fact changes nothing
 */
export function mergeTransferFact(
  transfer: TransferStanding,
  fact: TransferFact,
  payee: string,
): TransferChange | undefined {
  switch (fact.kind) {
    case 'pending': {
      const channelTransferNo = fact.channelTransferNo ?? transfer.channelTransferNo
      const starts = transfer.state === 'created'
      const learns =
        transfer.state === 'pending' && channelTransferNo !== transfer.channelTransferNo
      if (!starts && !learns) return undefined
      return { set: { state: 'pending', channelTransferNo }, event: 'transfer.pending' }
    }
    case 'failed':
      if (!mayMoveTransfer(transfer.state, 'failed')) return undefined
      return {
        set: { state: 'failed', errorCode: fact.error.code, errorMessage: fact.error.message },
        event: 'transfer.failed',
        tells: 'transfer.failed',
      }
    case 'closed':
      if (!mayMoveTransfer(transfer.state, 'closed')) return undefined
      return {
        set: { state: 'closed', errorMessage: fact.reason },
        event: 'transfer.closed',
        tells: 'transfer.closed',
      }
    case 'succeeded':
      return mergeSucceeded(transfer, fact, payee)
  }
}

function mergeSucceeded(
  transfer: TransferStanding,
  fact: TransferFact & { readonly kind: 'succeeded' },
  payee: string,
): TransferChange | undefined {
  if (!mayMoveTransfer(transfer.state, 'succeeded')) return undefined
  const fits =
    fact.payee === payee &&
    fact.transferred.minor === transfer.amountMinor &&
    fact.transferred.currency === transfer.currency
  if (!fits) {
    // Money went out, but not what we asked for: nothing is claimed until somebody has looked.
    if (transfer.needsOperator) return undefined
    const set = { needsOperator: true }
    return { set, event: 'transfer.needs_operator', alarm: 'transfer_differs' }
  }
  const gaveUp = transfer.state === 'failed' || transfer.state === 'closed'
  return {
    set: {
      state: 'succeeded',
      channelTransferNo: fact.channelTransferNo,
      transferredAtMs: fact.transferredAtMs,
      errorCode: null,
      errorMessage: null,
      needsOperator: false,
    },
    event: 'transfer.succeeded',
    tells: 'transfer.succeeded',
    ...(gaveUp && { alarm: 'transferred_after_failure' }),
  }
}
