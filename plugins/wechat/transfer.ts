import * as z from 'zod'
import type {
  CancelTransferOutcome,
  Operation,
  QueryTransferInput,
  QueryTransferOutcome,
  TransferId,
  TransferInput,
  TransferOperations,
  TransferOutcome,
  Unknown,
} from '../../core/plugin/api.ts'
import { CALL_TIMEOUT_MS, callWechat } from './call.ts'
import type { WechatConfig } from './config.ts'
import { outcomeOf, settled } from './endings.ts'
import { isPartner, subMerchant, transferClient, transfersPath } from './mode.ts'
import { CANCEL_ENDINGS, MONEY_OUT_ENDINGS, QUERY_MONEY_OUT_ENDINGS } from './money-out-endings.ts'
import { queryOf } from './request.ts'
import { transferCallOf } from './transfer-body.ts'
import { readTransfer, type TransferStanding } from './transfer-standing.ts'

/**
 * Sends money to somebody's WeChat, who has to take it there. Repeatable: the same number with the
 * same content is the same transfer.
 *
 * @see WeChat Pay APIv3 "merchant transfer: send" (reference §13)
 */
const send: Operation<WechatConfig, TransferInput, TransferOutcome> = async (
  ports,
  config,
  input,
) => {
  const path = transfersPath(config)
  if (!path.ok) return { kind: 'not_sent', reason: path.refusal }
  const call = await transferCallOf(ports, config, input)
  if (!call.ok) return { kind: 'not_sent', reason: call.refusal }
  const answer = await callWechat(ports, config, {
    method: 'POST',
    path: path.value,
    ...call.value,
    timeoutMs: CALL_TIMEOUT_MS,
  })
  if (answer.kind === 'error') {
    return settled(outcomeOf(MONEY_OUT_ENDINGS, answer), () => query(ports, config, input))
  }
  if (answer.kind !== 'verified') return answer
  const standing = standingOf(answer.body, input.transferId)
  return standing.kind === 'pending' ? (forThePayee(config, answer.body) ?? standing) : standing
}

/**
 * Asks where a transfer stands. An error is never the end of it, only of the question.
 *
 * @see WeChat Pay APIv3 "merchant transfer: query by the merchant's number" (reference §13)
 */
const query: Operation<WechatConfig, QueryTransferInput, QueryTransferOutcome> = async (
  ports,
  config,
  { transferId },
) => {
  const path = transfersPath(config)
  if (!path.ok) return { kind: 'not_sent', reason: path.refusal }
  const answer = await callWechat(ports, config, {
    method: 'GET',
    path: `${path.value}/out-bill-no/${encodeURIComponent(transferId)}${queryOf(subMerchant(config))}`,
    timeoutMs: CALL_TIMEOUT_MS,
  })
  if (answer.kind === 'error') return outcomeOf(QUERY_MONEY_OUT_ENDINGS, answer)
  if (answer.kind !== 'verified') return answer
  return standingOf(answer.body, transferId)
}

/**
 * Takes a transfer back that the payee has not taken yet. WeChat accepts it, and cancels afterwards.
 *
 * @see WeChat Pay APIv3 "merchant transfer: cancel" (reference §13)
 */
const cancel: Operation<WechatConfig, QueryTransferInput, CancelTransferOutcome> = async (
  ports,
  config,
  { transferId },
) => {
  const path = transfersPath(config)
  if (!path.ok) return { kind: 'not_sent', reason: path.refusal }
  const answer = await callWechat(ports, config, {
    method: 'POST',
    path: `${path.value}/out-bill-no/${encodeURIComponent(transferId)}/cancel`,
    // A direct merchant says nothing more.
    ...(isPartner(config) && { body: subMerchant(config) }),
    timeoutMs: CALL_TIMEOUT_MS,
  })
  if (answer.kind === 'error') return outcomeOf(CANCEL_ENDINGS, answer)
  if (answer.kind !== 'verified') return answer
  const standing = standingOf(answer.body, transferId)
  return standing.kind === 'unknown' ? standing : { kind: 'accepted' }
}

export const transfer: TransferOperations<WechatConfig> = { send, query, cancel }

function standingOf(body: unknown, transferId: TransferId): TransferStanding | Unknown {
  const transfer = readTransfer(body)
  if (!transfer.ok) return { kind: 'unknown', evidence: `answered, but ${transfer.refusal}` }
  if (transfer.value.transferId !== transferId) {
    return { kind: 'unknown', evidence: 'answered about another transfer' }
  }
  return transfer.value.standing
}

/** What the payee's client needs, which WeChat says once only: when the transfer is made. */
function forThePayee(config: WechatConfig, body: unknown): TransferOutcome | undefined {
  const waiting = waitingSchema.safeParse(body)
  if (!waiting.success) return undefined
  const { transfer_bill_no: channelTransferNo, package_info } = waiting.data
  const clientData = JSON.stringify({ ...transferClient(config), package: package_info })
  return { kind: 'requires_action', of: 'payee', channelTransferNo, clientData }
}

const waitingSchema = z.object({
  state: z.literal('WAIT_USER_CONFIRM'),
  transfer_bill_no: z.string(),
  package_info: z.string().min(1),
})
