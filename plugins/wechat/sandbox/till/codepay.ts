import * as z from 'zod'
import { DAY_MS, minor } from '../../../../core/plugin/api.ts'
import { type Handler, readBody } from '../calls.ts'
import { currency, fen, ip, outTradeNo, requiredTextUpTo, textUpTo } from '../fields.ts'
import { directIds, partnerIds, partyOf, refuseParty } from '../parties.ts'
import type { Mode } from '../prepay-body.ts'
import { describeOrder } from '../query.ts'
import { accepted, refusal } from '../refusals.ts'
import type { Wechat } from '../settings.ts'
import { charge, type TillOrder } from './charge.ts'

const goods = z.strictObject({
  merchant_goods_id: requiredTextUpTo(32),
  wxpay_goods_id: textUpTo(32).optional(),
  goods_name: textUpTo(256).optional(),
  quantity: z.int().min(1),
  unit_price: z.int().min(0),
})

const order = {
  description: requiredTextUpTo(127),
  out_trade_no: outTradeNo,
  attach: textUpTo(128).optional(),
  goods_tag: textUpTo(32).optional(),
  support_fapiao: z.boolean().optional(),
  payer: z.strictObject({ auth_code: requiredTextUpTo(32) }),
  amount: z.strictObject({ total: fen, currency: currency.optional() }),
  scene_info: z
    .strictObject({
      device_id: textUpTo(32).optional(),
      device_ip: ip.optional(),
      store_info: z
        .strictObject({ id: textUpTo(32).optional(), out_id: textUpTo(32).optional() })
        .refine(({ id, out_id }) => id || out_id, { message: 'needs id or out_id', path: ['id'] }),
    })
    .optional(),
  detail: z
    .strictObject({
      cost_price: z.int().min(0).optional(),
      invoice_id: textUpTo(32).optional(),
      goods_detail: z.array(goods).min(1).optional(),
    })
    .optional(),
  settle_info: z.strictObject({ profit_sharing: z.boolean().optional() }).optional(),
}

const BODIES = {
  direct: z.strictObject({ ...directIds, ...order }),
  partner: z.strictObject({ ...partnerIds, ...order }),
} as const satisfies Record<Mode, z.ZodType>

type CodepayBody = z.output<(typeof BODIES)[Mode]>

/** `POST /v3/pay/[partner/]transactions/codepay`: charges a payment code that was scanned. */
export function codepay(mode: Mode): Handler {
  return async (wechat, call) => {
    const body = readBody<CodepayBody>(call, BODIES[mode])
    if (!body.ok) return body.refusal
    const { parsed, fingerprint } = body.value
    const why = refuseParty(call.merchant, partyOf(parsed))
    if (why !== undefined) return refusal(why)
    const charged = await charge(wechat, newTillOrder(wechat, parsed, fingerprint))
    return charged.kind === 'paid' ? accepted(describeOrder(charged.order)) : refusal(charged.why)
  }
}

function newTillOrder(wechat: Wechat, body: CodepayBody, fingerprint: string): TillOrder {
  return tillOrder(wechat, {
    party: partyOf(body),
    outTradeNo: body.out_trade_no,
    description: body.description,
    attach: body.attach ?? '',
    deviceId: body.scene_info?.device_id ?? '',
    amountMinor: body.amount.total,
    authCode: body.payer.auth_code,
    isShared: body.settle_info?.profit_sharing === true,
    fingerprint: `codepay ${fingerprint}`,
  })
}

export interface TillFacts
  extends Pick<
    TillOrder,
    'party' | 'outTradeNo' | 'description' | 'attach' | 'deviceId' | 'fingerprint'
  > {
  readonly amountMinor: number
  readonly authCode: string
  readonly isShared: boolean
}

/** The same order from either of WeChat's interfaces. */
export function tillOrder(
  { clock }: Wechat,
  { amountMinor, authCode, isShared, ...facts }: TillFacts,
): TillOrder {
  const nowMs = clock.now()
  return {
    ...facts,
    product: 'codepay',
    amount: { minor: minor(amountMinor), currency: 'CNY' },
    openid: null,
    openidApp: 'app',
    // Nobody is told: the till asks.
    notifyUrl: null,
    createdAtMs: nowMs,
    payableUntilMs: nowMs + 7 * DAY_MS,
    ticket: null,
    payment: null,
    closedAtMs: null,
    refunds: [],
    till: { authCode, waiting: false, failure: null, reversal: null, recalls: 0 },
    sharing: isShared ? { splits: [], returns: [], releasedAtMs: null } : null,
  }
}
