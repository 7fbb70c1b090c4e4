import * as z from 'zod'
import { MINUTE_MS, type Names, SECOND_MS } from '../../../../core/plugin/api.ts'
import type { PayerCode } from '../../../../core/plugin/simulator.ts'
import type { Refusal } from '../door/refusals.ts'
import type { Alipay } from '../settings.ts'
import { type Shelf, shelf } from '../shelf.ts'

/** What happens when a payer's code is charged. */
export type CodeEnding =
  | { readonly kind: 'paid' }
  /** The payer is asked for a password: gives it by the clock, or when somebody plays the payer. */
  | { readonly kind: 'waits'; readonly paysAfterMs: number | null }
  /** The answer says that Alipay does not know. */
  | { readonly kind: 'unknown'; readonly isPaid: boolean; readonly answer: Refusal }
  /** `leavesTrade`: there is a trade that waits to be paid all the same. */
  | { readonly kind: 'refused'; readonly answer: Refusal; readonly leavesTrade: boolean }

/** The last two digits of a code, and what they mean. Any other ending pays. */
const ENDINGS: readonly (readonly [string, CodeEnding, outcome: string, zh: string, en: string])[] =
  [
    ['01', { kind: 'paid' }, 'paid', '支付成功', 'paid at once'],
    ['04', waits(null), 'password', '输密码，等你来付', 'asks for a password, waits for you'],
    [
      '40',
      refuses('ACQ.BUYER_BALANCE_NOT_ENOUGH'),
      'insufficient_balance',
      '余额不足',
      'no balance',
    ],
    [
      '03',
      waits(10 * SECOND_MS),
      'password_paid',
      '输密码，10 秒后支付',
      'password, paid after 10 s',
    ],
    [
      '20',
      unknown('isp.unknow-error', true),
      'unknown_paid',
      '答复 20000，已支付',
      '20000, but paid',
    ],
    ['21', unknown('isp.unknow-error', false), 'unknown', '答复 20000，未支付', '20000, not paid'],
    [
      '22',
      unknown('ACQ.SYSTEM_ERROR', true),
      'system_error_paid',
      '系统异常，已支付',
      'error, but paid',
    ],
    ['41', refuses('ACQ.PAYMENT_AUTH_CODE_INVALID'), 'invalid', '付款码无效', 'code not valid'],
    ['42', refuses('ACQ.PAYMENT_FAIL'), 'failed', '支付失败', 'payment fails'],
    ['43', refuses('ACQ.BUYER_PAYMENT_AMOUNT_DAY_LIMIT_ERROR'), 'limit', '超日限额', 'day limit'],
    ['44', refuses('ACQ.PAYMENT_REQUEST_HAS_RISK'), 'risk', '支付有风险', 'held to be a risk'],
    [
      '45',
      { kind: 'refused', answer: 'ACQ.PULL_MOBILE_CASHIER_FAIL', leavesTrade: true },
      'cashier_failed',
      '唤起收银台失败，交易仍可付',
      'cashier fails, the trade can still be paid',
    ],
  ]

/** Codes that are good now, one for each ending: others each minute, and when one was used. */
export async function payerCodes(alipay: Alipay): Promise<readonly PayerCode[]> {
  const minute = Math.floor(alipay.clock.now() / MINUTE_MS)
  const codes: PayerCode[] = []
  for (const [ending, , outcome, zh, en] of ENDINGS) {
    const code = await unusedCode(alipay, minute, ending)
    const names: Names = { zh, en }
    codes.push({ code, outcome, names, validUntilMs: (minute + 1) * MINUTE_MS })
  }
  return codes
}

const BAR_CODE = /^(2[5-9]|30)\d{14,22}$/
const FACE_CODE = /^fp[0-9A-Za-z]{33}$/

export function looksLikeCode(code: string): boolean {
  return BAR_CODE.test(code) || FACE_CODE.test(code)
}

export function endingOf(code: string): CodeEnding {
  const known = ENDINGS.find(([ending]) => code.endsWith(ending))
  return known?.[1] ?? { kind: 'paid' }
}

/**
 * Binds a code to the trade that it is used for. A code is good once; that it goes out of date is
 * not looked at.
 *
 * @returns false when it was used for another before
 */
export function useCode(alipay: Alipay, code: string, tradeId: string): Promise<boolean> {
  return usedCodes(alipay).change(code, (current) => ({
    document: current ?? tradeId,
    outcome: (current ?? tradeId) === tradeId,
  }))
}

const usedCodes = ({ books }: Alipay): Shelf<string> => shelf(books, 'payer_code', z.string())

/** 18 digits: prefix, minute, a count, ending. */
async function unusedCode(alipay: Alipay, minute: number, ending: string): Promise<string> {
  for (let count = 0; ; count += 1) {
    const code = `28${String(minute).padStart(10, '0')}${String(count).padStart(4, '0')}${ending}`
    if ((await usedCodes(alipay).get(code)) === undefined) return code
  }
}

function waits(paysAfterMs: number | null): CodeEnding {
  return { kind: 'waits', paysAfterMs }
}

function unknown(answer: Refusal, isPaid: boolean): CodeEnding {
  return { kind: 'unknown', isPaid, answer }
}

function refuses(answer: Refusal): CodeEnding {
  return { kind: 'refused', answer, leavesTrade: false }
}
