import type * as z from 'zod'
import {
  type ChannelPorts,
  ok,
  type PayInput,
  type PayOutcome,
  type Result,
  refuse,
} from '../../core/plugin/api.ts'
import { beijingTime } from './beijing-time.ts'
import { CALL_TIMEOUT_MS, callWechat } from './call.ts'
import type { WechatConfig } from './config.ts'
import { cutTo } from './cut-text.ts'
import { outcomeOf } from './endings.ts'
import { misfitOf } from './misfit.ts'
import { type Client, collector, transactionsPath } from './mode.ts'
import { PAY_ENDINGS } from './payment-endings.ts'

export interface Product<Answer> {
  /** Last part of the path. */
  readonly product: 'native' | 'jsapi' | 'app' | 'h5'
  readonly client: Client
  readonly schema: z.ZodType<Answer>
  /** Of the body, beside those that every product has. */
  readonly members?: object
}

/**
 * Orders. Repeatable: the same number with the same content answers for the same order, so the body
 * is made of nothing but the input; what WeChat calls another content is `unknown` by the table.
 *
 * @see WeChat Pay APIv3 "JSAPI, APP, H5, Native prepay" (reference §6)
 */
export async function prepay<Answer>(
  ports: ChannelPorts,
  config: WechatConfig,
  input: PayInput,
  { product, client, schema, members }: Product<Answer>,
): Promise<Result<Answer, PayOutcome>> {
  // WeChat would answer PARAM_ERROR, which ends a payment as failed. An earlier send of the same
  // number may have got through in time, and failed would be wrong for it.
  if (hasExpired(ports, input)) return refuse(EXPIRED)
  const answer = await callWechat(ports, config, {
    method: 'POST',
    path: `${transactionsPath(config)}/${product}`,
    body: { ...collector(config, client), ...orderOf(input), ...members },
    timeoutMs: CALL_TIMEOUT_MS,
  })
  if (answer.kind === 'error') return refuse(outcomeOf(PAY_ENDINGS, answer))
  if (answer.kind !== 'verified') return refuse(answer)

  const read = schema.safeParse(answer.body)
  if (read.success) return ok(read.data)
  return refuse({ kind: 'unknown', evidence: `ordered, but ${misfitOf(read.error)}` })
}

export function hasExpired({ clock }: Pick<ChannelPorts, 'clock'>, input: PayInput): boolean {
  return input.expiresAtMs <= clock.now()
}

export const EXPIRED = {
  kind: 'not_sent',
  reason: 'the payment had expired before it was sent',
} as const

export function descriptionOf({ subject }: PayInput): string {
  return cutTo(subject, DESCRIPTION_CHARACTERS)
}

const DESCRIPTION_CHARACTERS = 127

function orderOf(input: PayInput): object {
  return {
    description: descriptionOf(input),
    out_trade_no: input.attemptId,
    time_expire: beijingTime(input.expiresAtMs),
    notify_url: input.callbackUrl,
    amount: { total: input.amount.minor, currency: input.amount.currency },
    ...settlementOf(input),
  }
}

/** Has to be said now: money of an order without it can't be shared out later (reference §12). */
export function settlementOf({ splitting }: PayInput): object {
  return splitting ? { settle_info: { profit_sharing: true } } : {}
}
