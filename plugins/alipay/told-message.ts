import * as z from 'zod'
import {
  type CallbackFacts,
  type CallbackRejection,
  type Fact,
  ok,
  type Result,
  refuse,
  type SplitId,
} from '../../core/plugin/api.ts'
import type { AlipayConfig } from './config.ts'
import { misfitOf, parseJson } from './json.ts'
import { royaltyListSchema, standingOfRoyalties } from './royalty.ts'
import { readTransfer } from './transfer-standing.ts'

/** Of the account, and when it came: what a fact needs that the message's content does not say. */
interface Arrival {
  readonly payee: string
  readonly receivedAtMs: number
}

/**
 * Reads a message that Alipay sends to the application's own address: how a split ended, and how a
 * transfer did. Messages of other kinds make no facts.
 *
 * @see reference §11, §12, §14.3
 */
export function readMessage(
  config: AlipayConfig,
  parameters: ReadonlyMap<string, string>,
  receivedAtMs: number,
): Result<CallbackFacts, CallbackRejection> {
  const message = messageSchema.safeParse(Object.fromEntries(parameters))
  if (!message.success) return malformed(misfitOf(message.error))
  const { msg_method, biz_content } = message.data
  const dedupeKey = message.data.msg_id ?? message.data.notify_id
  if (dedupeKey === undefined) return malformed('its msg_id is missing')

  const read = READERS.get(msg_method)
  const payee = payeeOfMessage(config, message.data.msg_uid)
  // Not about what we do, or about a merchant that the message does not name.
  if (read === undefined || payee === undefined) return ok({ dedupeKey, facts: [] })
  const fact = read(parseJson(biz_content), { payee, receivedAtMs })
  return fact.ok ? ok({ dedupeKey, facts: [fact.value] }) : malformed(fact.refusal)
}

/** A service provider's application gets the messages of all merchants below it. */
function payeeOfMessage(config: AlipayConfig, uid: string | undefined): string | undefined {
  if (uid !== undefined) return uid
  return config.appAuthToken === undefined ? config.sellerId : undefined
}

type Reader = (content: unknown, arrival: Arrival) => Result<Fact, string>

const READERS: ReadonlyMap<string, Reader> = new Map([
  ['alipay.trade.order.settle.notify', readSplitFact],
  ['alipay.fund.trans.order.changed', readTransferFact],
])

function readSplitFact(content: unknown, { payee }: Arrival): Result<Fact, string> {
  const split = splitSchema.safeParse(content)
  if (!split.success) return refuse(misfitOf(split.error))
  const { out_request_no: splitId, settle_no, royalty_detail_list: rows } = split.data
  return ok({
    about: 'split',
    splitId,
    payee,
    ...standingOfRoyalties(rows),
    ...(settle_no !== undefined && { channelSplitNo: settle_no }),
  })
}

function readTransferFact(
  content: unknown,
  { payee, receivedAtMs }: Arrival,
): Result<Fact, string> {
  const transfer = readTransfer(content, receivedAtMs)
  if (!transfer.ok) return transfer
  const { transferId, standing } = transfer.value
  return ok({ about: 'transfer', transferId, payee, ...standing })
}

const messageSchema = z.object({
  msg_method: z.string(),
  msg_id: z.string().min(1).max(128).optional(),
  notify_id: z.string().min(1).max(128).optional(),
  msg_uid: z.string().min(1).max(64).optional(),
  biz_content: z.string(),
})

const splitSchema = z.object({
  out_request_no: z
    .string()
    .regex(/^[0-9A-Za-z_]{1,64}$/)
    // The shape is checked; whether we have such a split is for the core to find out.
    .transform((number) => number as SplitId),
  settle_no: z.string().min(1).max(64).optional(),
  royalty_detail_list: royaltyListSchema.min(1),
})

function malformed(reason: string): Result<never, CallbackRejection> {
  return refuse({ code: 'malformed', reason })
}
