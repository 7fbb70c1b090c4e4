import { canonical } from '../calls.ts'
import type { Wechat } from '../settings.ts'
import { type Charged, charge } from '../till/charge.ts'
import { tillOrder } from '../till/codepay.ts'
import { badMember, refusalV2, type V2Reply } from './answers.ts'
import { describePaid } from './descriptions.ts'
import type { V2Call } from './door.ts'
import { partyOfCall } from './parties.ts'

/** What each member has to look like; those without a star in the documents may be missing. */
const REQUIRED: Readonly<Record<string, RegExp>> = {
  body: /^[\s\S]{1,128}$/u,
  out_trade_no: /^[0-9A-Za-z_\-|*]{1,32}$/,
  total_fee: /^[1-9]\d{0,9}$/,
  spbill_create_ip: /^[0-9A-Fa-f.:]{2,64}$/,
  auth_code: /^.{1,128}$/,
}

const OPTIONAL: Readonly<Record<string, RegExp>> = {
  device_info: /^.{0,32}$/u,
  attach: /^[\s\S]{0,127}$/u,
  fee_type: /^CNY$/,
  goods_tag: /^.{0,32}$/u,
  limit_pay: /^no_credit$/,
  time_start: /^\d{14}$/,
  time_expire: /^\d{14}$/,
  profit_sharing: /^[YN]$/,
}

/** `POST /pay/micropay`: charges a payment code that was scanned. */
export async function micropay(wechat: Wechat, call: V2Call): Promise<V2Reply> {
  const problem = problemOf(call)
  if (problem !== undefined) return problem
  const party = partyOfCall(call)
  if (!party.ok) {
    return party.refusal === 'lacking' ? badMember('appid', 'missing') : refusalV2(party.refusal)
  }
  const { members } = call
  const { nonce_str: _nonce, sign: _sign, sign_type: _type, ...lasting } = members
  const charged = await charge(
    wechat,
    tillOrder(wechat, {
      party: party.value,
      outTradeNo: members.out_trade_no ?? '',
      description: members.body ?? '',
      attach: members.attach ?? '',
      deviceId: members.device_info ?? '',
      amountMinor: Number(members.total_fee),
      authCode: members.auth_code ?? '',
      isShared: members.profit_sharing === 'Y',
      fingerprint: `micropay ${canonical(lasting)}`,
    }),
  )
  return answerCharge(charged)
}

function answerCharge(charged: Charged): V2Reply {
  if (charged.kind === 'refused') return refusalV2(charged.why)
  const { order } = charged
  // `charge` says "paid" of nothing else.
  if (order.payment === null) return refusalV2('system_error')
  return { kind: 'done', members: describePaid(order, order.payment) }
}

function problemOf({ members }: V2Call): V2Reply | undefined {
  for (const [name, form] of Object.entries(REQUIRED)) {
    const value = members[name] ?? ''
    if (value === '') return badMember(name, 'missing')
    if (!form.test(value)) return badMember(name, 'wrong')
  }
  for (const [name, form] of Object.entries(OPTIONAL)) {
    const value = members[name] ?? ''
    if (value !== '' && !form.test(value)) return badMember(name, 'wrong')
  }
  return undefined
}
