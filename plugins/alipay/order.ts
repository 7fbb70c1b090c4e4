import type { ChannelPorts, NotSent, PayInput } from '../../core/plugin/api.ts'
import { beijingTime } from './beijing-time.ts'
import type { AlipayConfig } from './config.ts'
import { cutTo } from './cut-text.ts'
import { yuanOf } from './yuan.ts'

/** Reference §1, §8. */
const SUBJECT_CHARACTERS = 256
const BODY_CHARACTERS = 128

/**
 * What every product's order says. Made of nothing but the input, so that the same payment is the
 * same order however often it is sent.
 */
export function orderOf(config: AlipayConfig, input: PayInput): object {
  const body = cutTo(input.body, BODY_CHARACTERS)
  const extension = {
    ...(config.serviceProviderId !== undefined && {
      sys_service_provider_id: config.serviceProviderId,
    }),
    // Has to be said now: the money is then kept frozen until it is shared out (reference §11).
    ...(input.splitting && { royalty_freeze: 'true' }),
  }
  return {
    out_trade_no: input.attemptId,
    total_amount: yuanOf(input.amount),
    subject: cutTo(input.subject, SUBJECT_CHARACTERS),
    ...(body !== '' && { body }),
    ...(Object.keys(extension).length > 0 && { extend_params: extension }),
  }
}

/** After which Alipay takes no money for it any more. */
export function expiryOf({ expiresAtMs }: PayInput): object {
  return { time_expire: beijingTime(expiresAtMs) }
}

/**
 * Alipay would refuse an order whose time is over, which ends a payment as failed. An earlier send
 * of the same number may have got through in time, and failed would be wrong for it.
 */
export function expired({ clock }: ChannelPorts, input: PayInput): NotSent | undefined {
  if (input.expiresAtMs > clock.now()) return undefined
  return { kind: 'not_sent', reason: 'the payment had expired before it was sent' }
}
