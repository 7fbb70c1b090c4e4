import {
  type Callback,
  type CallbackAnswer,
  type CallbackRejection,
  ok,
  type Result,
  refuse,
} from '../../core/plugin/api.ts'
import { alipayKeys } from './alipay-keys.ts'
import type { Bytes } from './bytes.ts'
import type { AlipayConfig } from './config.ts'
import { decodeForm } from './form.ts'
import { rsaVerifyText } from './rsa.ts'
import { signText } from './sign-text.ts'
import { readMessage } from './told-message.ts'
import { type ToldRefund, toldRefund } from './told-refund.ts'
import { readTradeNotice } from './told-trade.ts'

/** What Alipay told, verified: parameters with a value, without their signature. */
export interface Told {
  readonly parameters: ReadonlyMap<string, string>
  readonly receivedAtMs: number
  /** The refund that it speaks of, where it speaks of one and that could be asked about. */
  readonly refund?: ToldRefund
}

/**
 * What Alipay tells by itself: about trades at the address that came with each payment, and about
 * splits and transfers at the application's own address.
 *
 * @see reference §14
 */
export const callback: Callback<AlipayConfig, Told> = {
  async verify(ports, config, call) {
    const form = decodeForm(call.body)
    if (form === undefined) return refuse({ code: 'malformed', reason: 'it is not a form' })
    const signature = form.get('sign') ?? ''
    if (signature === '') return unverifiable('it is not signed')
    if (form.get('sign_type') !== 'RSA2') return unverifiable('its signature is of another type')

    const keys = await alipayKeys(ports, config)
    if (!(await isSigned(form, signature, keys))) return unverifiable('its signature is wrong')
    // One key may serve several applications; this one's settings are for this one.
    const app = form.get('app_id') ?? form.get('msg_app_id')
    if (app !== config.appId) return unverifiable('it is for another application')
    const named = [...form].filter(([name, value]) => value !== '' && !SIGNATURE.has(name))
    const parameters = new Map(named)
    const refund = await toldRefund(ports, config, parameters)
    const { receivedAtMs } = call
    return ok({ parameters, receivedAtMs, ...(refund !== undefined && { refund }) })
  },

  parse(config, { parameters, receivedAtMs, refund }) {
    if (parameters.has('msg_method')) return readMessage(config, parameters, receivedAtMs)
    return readTradeNotice(parameters, refund)
  },

  /** Alipay wants these seven letters and nothing else; anything else makes it tell again. */
  acknowledge: (accepted) => (accepted ? TOLD : TELL_AGAIN),
}

const SIGNATURE: ReadonlySet<string> = new Set(['sign', 'sign_type'])

/**
 * Trades are signed without their `sign_type`, messages of the application's gateway with it, and
 * neither says which it is; Alipay's own SDK tries both. Empty values count in its SDKs for Node and
 * Java, and not by its documents (reference §14.1).
 */
async function isSigned(
  form: ReadonlyMap<string, string>,
  signature: string,
  keys: readonly Bytes[],
): Promise<boolean> {
  const full = [...form].filter(([name]) => !SIGNATURE.has(name))
  const typed = [...form].filter(([name]) => name !== 'sign')
  const texts = [full, typed].flatMap((pairs) => [
    signText(new Map(pairs)),
    signText(new Map(pairs.filter(([, value]) => value !== ''))),
  ])
  for (const spki of keys) {
    for (const text of new Set(texts)) {
      if (await rsaVerifyText(spki, text, signature)) return true
    }
  }
  return false
}

function unverifiable(reason: string): Result<never, CallbackRejection> {
  return refuse({ code: 'unverifiable', reason })
}

const TOLD: CallbackAnswer = answer('success')
const TELL_AGAIN: CallbackAnswer = answer('fail')

function answer(body: string): CallbackAnswer {
  return { status: 200, headers: { 'Content-Type': 'text/plain; charset=utf-8' }, body }
}
