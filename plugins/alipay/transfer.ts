import type {
  NotSent,
  Operation,
  QueryTransferInput,
  QueryTransferOutcome,
  TransferInput,
  TransferOperations,
  TransferOutcome,
} from '../../core/plugin/api.ts'
import { callAlipay } from './call.ts'
import type { AlipayConfig } from './config.ts'
import { cutTo } from './cut-text.ts'
import { outcomeOf } from './endings.ts'
import { CALL_TIMEOUT_MS, SLOW_CALL_TIMEOUT_MS } from './gateway.ts'
import { PRODUCTS, payeeOfTransfer, sceneOf } from './payee.ts'
import { QUERY_TRANSFER_ENDINGS, TRANSFER_ENDINGS } from './transfer-endings.ts'
import { readTransfer } from './transfer-standing.ts'
import { yuanOf } from './yuan.ts'

const TITLE_CHARACTERS = 128
const REMARK_CHARACTERS = 200

/** Reference §12. Alipay would answer that a certificate is missing, which says nothing about money. */
const NEEDS_CERTIFICATE: NotSent = {
  kind: 'not_sent',
  reason: 'Alipay makes transfers in certificate mode only: set mode to certificate',
}

/**
 * Pays out to an Alipay account or a bank card. Repeatable: the same number is the same transfer.
 *
 * @see alipay.fund.trans.uni.transfer (reference §12)
 */
const send: Operation<AlipayConfig, TransferInput, TransferOutcome> = async (
  ports,
  config,
  input,
) => {
  if (config.mode === 'key') return NEEDS_CERTIFICATE
  const payee = payeeOfTransfer(input)
  if (!payee.ok) return { kind: 'not_sent', reason: payee.refusal }
  const answer = await callAlipay(ports, config, {
    method: 'alipay.fund.trans.uni.transfer',
    content: {
      out_biz_no: input.transferId,
      trans_amount: yuanOf(input.amount),
      ...PRODUCTS[payee.value.entry],
      order_title: cutTo(input.description, TITLE_CHARACTERS),
      payee_info: payee.value.info,
      remark: cutTo(input.description, REMARK_CHARACTERS),
      ...sceneOf(input),
    },
    timeoutMs: SLOW_CALL_TIMEOUT_MS,
  })
  if (answer.kind === 'error') return outcomeOf(TRANSFER_ENDINGS, answer)
  if (answer.kind !== 'verified') return answer

  // The answer may leave the amount out; it is the one that was just asked for.
  const transfer = readTransfer(answer.body, ports.clock.now(), input.amount)
  if (!transfer.ok) return { kind: 'unknown', evidence: `accepted, but ${transfer.refusal}` }
  if (transfer.value.transferId !== input.transferId) {
    return { kind: 'unknown', evidence: 'answered about another transfer' }
  }
  return transfer.value.standing
}

/** @see alipay.fund.trans.common.query (reference §12) */
const query: Operation<AlipayConfig, QueryTransferInput, QueryTransferOutcome> = async (
  ports,
  config,
  { transferId, entry },
) => {
  if (config.mode === 'key') return NEEDS_CERTIFICATE
  const answer = await callAlipay(ports, config, {
    method: 'alipay.fund.trans.common.query',
    content: {
      out_biz_no: transferId,
      ...PRODUCTS[entry === 'BANK_CARD' ? 'BANK_CARD' : 'ALIPAY_CASH'],
    },
    timeoutMs: CALL_TIMEOUT_MS,
  })
  if (answer.kind === 'error') return outcomeOf(QUERY_TRANSFER_ENDINGS, answer)
  if (answer.kind !== 'verified') return answer

  const transfer = readTransfer(answer.body, ports.clock.now())
  if (!transfer.ok) return { kind: 'unknown', evidence: `answered, but ${transfer.refusal}` }
  if (transfer.value.transferId !== transferId) {
    return { kind: 'unknown', evidence: 'answered about another transfer' }
  }
  return transfer.value.standing
}

export const transfer: TransferOperations<AlipayConfig> = { send, query }
