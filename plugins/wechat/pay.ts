import * as z from 'zod'
import type {
  ChannelPorts,
  Operation,
  PayInput,
  PayOutcome,
  Presentation,
  Result,
} from '../../core/plugin/api.ts'
import { appParameters } from './app.ts'
import type { WechatConfig } from './config.ts'
import { jsapiParameters } from './jsapi.ts'
import { type Client, type Payer, payer } from './mode.ts'
import { prepay } from './prepay.ts'

type Pay<Extra = unknown> = Operation<WechatConfig, PayInput<Extra>, PayOutcome>

/** Makes an order whose code the payer scans. */
export const payNative: Pay = async (ports, config, input) => {
  const product = { product: 'native', client: 'web', schema: codeSchema } as const
  const answer = await prepay(ports, config, input, product)
  if (!answer.ok) return answer.refusal
  return shown({ kind: 'qr_text', data: answer.value.code_url })
}

/** Makes an order that the payer pays on a page inside WeChat. */
export const payJsapi: Pay<Payer> = (ports, config, input) => payInside(ports, config, input, 'web')

/** Makes an order that the payer pays in a mini program: JSAPI for WeChat, with its own appid. */
export const payLite: Pay<Payer> = (ports, config, input) => payInside(ports, config, input, 'lite')

/** Makes an order that the payer pays from a mobile app, which calls WeChat's. */
export const payApp: Pay = async (ports, config, input) => {
  const product = { product: 'app', client: 'mobile', schema: prepayIdSchema } as const
  const answer = await prepay(ports, config, input, product)
  if (!answer.ok) return answer.refusal
  return clientOf(await appParameters(ports, config, answer.value.prepay_id))
}

/**
 * Makes an order that the payer pays from a browser of their own. WeChat shows its page only to a
 * browser that comes from a page whose domain it knows, within five minutes.
 */
export const payH5: Pay = async (ports, config, input) => {
  const answer = await prepay(ports, config, input, {
    product: 'h5',
    client: 'web',
    schema: h5Schema,
    members: { scene_info: { payer_client_ip: input.clientIp, h5_info: { type: 'Wap' } } },
  })
  if (!answer.ok) return answer.refusal
  const back = `redirect_url=${encodeURIComponent(input.returnUrl)}`
  return shown({ kind: 'redirect_url', data: `${answer.value.h5_url}&${back}` })
}

async function payInside(
  ports: ChannelPorts,
  config: WechatConfig,
  input: PayInput<Payer>,
  client: Client,
): Promise<PayOutcome> {
  const paying = payer(config, client, input.extra)
  if (!paying.ok) return { kind: 'not_sent', reason: paying.refusal }
  const answer = await prepay(ports, config, input, {
    product: 'jsapi',
    client,
    schema: prepayIdSchema,
    members: { payer: paying.value.payer },
  })
  if (!answer.ok) return answer.refusal
  const { appid } = paying.value
  return clientOf(await jsapiParameters(ports, config, appid, answer.value.prepay_id))
}

function clientOf(parameters: Result<object, string>): PayOutcome {
  // The order exists by now, so this is no longer "not sent".
  if (!parameters.ok) return { kind: 'unknown', evidence: `ordered, but ${parameters.refusal}` }
  return shown({ kind: 'wechat_client', data: JSON.stringify(parameters.value) })
}

function shown(presentation: Presentation): PayOutcome {
  return { kind: 'requires_action', of: 'payer', presentation }
}

const codeSchema = z.object({ code_url: z.string().min(1).max(512) })
const prepayIdSchema = z.object({ prepay_id: z.string().min(1).max(64) })
// A query is already there: the address of the way back is one more parameter of it.
const h5Schema = z.object({
  h5_url: z
    .url({ protocol: /^https$/ })
    .max(512)
    .regex(/\?/),
})
