import type {
  ChannelPorts,
  Operation,
  PayInput,
  PayOutcome,
  Presentation,
  Result,
} from '../../core/plugin/api.ts'
import type { AlipayConfig } from './config.ts'
import { gatewayOf } from './environment.ts'
import { selfPostingForm } from './html-form.ts'
import { expired, expiryOf, orderOf } from './order.ts'
import { type SignedParameters, signedParameters } from './parameters.ts'

type Pay = Operation<AlipayConfig, PayInput, PayOutcome>

/**
 * Signs an order for the payer's app, which hands it to Alipay's app. What that app then answers is
 * no proof.
 *
 * @see alipay.trade.app.pay (reference §8)
 */
export const payInApp: Pay = async (ports, config, input) => {
  const product = { product_code: 'QUICK_MSECURITY_PAY' }
  const signed = await order(ports, config, input, { method: 'alipay.trade.app.pay', product })
  return shown(signed, (parameters) => ({ kind: 'alipay_client', data: encoded(parameters) }))
}

/**
 * Signs an order that the payer's browser takes to Alipay. There is no trade before the payer has
 * logged in there.
 *
 * @see alipay.trade.wap.pay (reference §8)
 */
export const payOnPhone: Pay = async (ports, config, input) => {
  const product = { product_code: 'QUICK_WAP_WAY', quit_url: input.returnUrl }
  const signed = await order(ports, config, input, { method: 'alipay.trade.wap.pay', product })
  return shown(signed, (parameters) => page(config, input, parameters))
}

/** @see alipay.trade.page.pay (reference §8) */
export const payOnComputer: Pay = async (ports, config, input) => {
  const product = { product_code: 'FAST_INSTANT_TRADE_PAY' }
  const signed = await order(ports, config, input, { method: 'alipay.trade.page.pay', product })
  return shown(signed, (parameters) => page(config, input, parameters))
}

type Signed = Result<SignedParameters, string>

async function order(
  ports: ChannelPorts,
  config: AlipayConfig,
  input: PayInput,
  { method, product }: { readonly method: string; readonly product: object },
): Promise<Signed> {
  const late = expired(ports, input)
  if (late !== undefined) return { ok: false, refusal: late.reason }
  const returns = method !== 'alipay.trade.app.pay'
  return signedParameters(ports, config, {
    method,
    content: { ...orderOf(config, input), ...expiryOf(input), ...product },
    parameters: {
      notify_url: input.callbackUrl,
      ...(returns && { return_url: input.returnUrl }),
    },
  })
}

function shown(
  signed: Signed,
  present: (parameters: SignedParameters) => Presentation,
): PayOutcome {
  if (!signed.ok) return { kind: 'not_sent', reason: signed.refusal }
  return { kind: 'requires_action', of: 'payer', presentation: present(signed.value) }
}

function page(config: AlipayConfig, input: PayInput, parameters: SignedParameters): Presentation {
  const gateway = gatewayOf(config)
  if (input.wants !== 'html_form') {
    return { kind: 'redirect_url', data: `${gateway}?${encoded(parameters)}` }
  }
  // Everything but the order itself stands in the address, as in Alipay's own SDKs.
  const { biz_content: content = '', ...others } = Object.fromEntries(parameters)
  const action = `${gateway}?${encoded(new Map(Object.entries(others)))}`
  return { kind: 'html_form', data: selfPostingForm(action, { biz_content: content }) }
}

function encoded(parameters: SignedParameters): string {
  return [...parameters]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, value]) => `${name}=${encodeURIComponent(value)}`)
    .join('&')
}
