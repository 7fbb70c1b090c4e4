import * as z from 'zod'
import {
  type ChannelPorts,
  type Operation,
  ok,
  type PayInput,
  type PayOutcome,
  type Presentation,
  type Result,
  refuse,
} from '../../core/plugin/api.ts'
import { beijingTime } from './beijing-time.ts'
import { CALL_TIMEOUT_MS, callWechat } from './call.ts'
import type { WechatConfig } from './config.ts'
import { cutTo } from './cut-text.ts'
import { outcomeOf, PAY_ENDINGS } from './endings.ts'
import { jsapiParameters } from './jsapi.ts'
import { misfitOf } from './misfit.ts'
import { collector, payer, transactionsPath } from './mode.ts'

/**
 * Makes an order whose code the payer scans.
 *
 * @see WeChat Pay APIv3 "Native prepay" (reference §6)
 */
export const payNative: Operation<WechatConfig, PayInput, PayOutcome> = async (
  ports,
  config,
  input,
) => {
  const answer = await prepay(ports, config, input, { product: 'native', schema: codeSchema })
  if (!answer.ok) return answer.refusal
  return shown({ kind: 'qr_text', data: answer.value.code_url })
}

/**
 * Makes an order that the payer pays on a page inside WeChat.
 *
 * @see WeChat Pay APIv3 "JSAPI prepay" (reference §6)
 */
export const payJsapi: Operation<
  WechatConfig,
  PayInput<{ readonly openid: string }>,
  PayOutcome
> = async (ports, config, input) => {
  const answer = await prepay(ports, config, input, {
    product: 'jsapi',
    schema: prepayIdSchema,
    members: { payer: payer(config, input.extra.openid) },
  })
  if (!answer.ok) return answer.refusal
  const parameters = await jsapiParameters(ports, config, answer.value.prepay_id)
  // The order exists by now, so this is no longer "not sent".
  if (!parameters.ok) return { kind: 'unknown', evidence: `ordered, but ${parameters.refusal}` }
  return shown({ kind: 'wechat_client', data: JSON.stringify(parameters.value) })
}

interface Product<Answer> {
  /** Last part of the path. */
  readonly product: 'native' | 'jsapi'
  readonly schema: z.ZodType<Answer>
  /** Of the body, beside those that every product has. */
  readonly members?: object
}

/**
 * Orders. Repeatable: the same number with the same content answers for the same order, so the body
 * is made of nothing but the input; what WeChat calls another content is `unknown` in endings.ts.
 */
async function prepay<Answer>(
  ports: ChannelPorts,
  config: WechatConfig,
  input: PayInput,
  { product, schema, members }: Product<Answer>,
): Promise<Result<Answer, PayOutcome>> {
  // WeChat would answer PARAM_ERROR, which ends a payment as failed. An earlier send of the same
  // number may have got through in time, and failed would be wrong for it.
  if (input.expiresAtMs <= ports.clock.now()) {
    return refuse({ kind: 'not_sent', reason: 'the payment had expired before it was sent' })
  }
  const answer = await callWechat(ports, config, {
    method: 'POST',
    path: `${transactionsPath(config)}/${product}`,
    body: { ...orderOf(config, input), ...members },
    timeoutMs: CALL_TIMEOUT_MS,
  })
  if (answer.kind === 'error') return refuse(outcomeOf(PAY_ENDINGS, answer))
  if (answer.kind !== 'verified') return refuse(answer)

  const read = schema.safeParse(answer.body)
  if (read.success) return ok(read.data)
  return refuse({ kind: 'unknown', evidence: `ordered, but ${misfitOf(read.error)}` })
}

function orderOf(config: WechatConfig, input: PayInput): object {
  return {
    ...collector(config),
    description: cutTo(input.subject, DESCRIPTION_CHARACTERS),
    out_trade_no: input.attemptId,
    time_expire: beijingTime(input.expiresAtMs),
    notify_url: input.callbackUrl,
    amount: { total: input.amount.minor, currency: input.amount.currency },
    // Has to be said now: money of an order without it can't be shared out later (reference §12).
    ...(input.splitting && { settle_info: { profit_sharing: true } }),
  }
}

function shown(presentation: Presentation): PayOutcome {
  return { kind: 'requires_action', of: 'payer', presentation }
}

const DESCRIPTION_CHARACTERS = 127

const codeSchema = z.object({ code_url: z.string().min(1).max(512) })
const prepayIdSchema = z.object({ prepay_id: z.string().min(1).max(64) })
