import * as z from 'zod'
import { DAY_MS, HOUR_MS, MINUTE_MS } from '../../../../core/plugin/api.ts'
import { readBeijingTime } from '../beijing-time.ts'
import { fenOf } from '../yuan.ts'
import type { Refusal } from './refusals.ts'

/** Up to so many characters. Characters, not bytes: 256 Chinese ones fit a subject. */
export function textUpTo(length: number) {
  return z.string().refine((text) => [...text].length <= length, `长度不能超过${length}`)
}

export function requiredTextUpTo(length: number) {
  return textUpTo(length).refine((text) => text.trim().length > 0, '不能为空')
}

const MAX_FEN = 10_000_000_000

/** Yuan, as text or as a number, with at most two decimals; above zero. Becomes fen. */
export const amount = z
  .union([z.string(), z.number().transform(String)])
  .transform((text, context) => {
    const fen = fenOf(text)
    if (fen !== undefined && fen > 0 && fen <= MAX_FEN) return fen
    const isTooMuch = fen !== undefined && fen > MAX_FEN
    context.addIssue({
      code: 'custom',
      message: '取值范围[0.01,100000000]，最多两位小数',
      ...(isTooMuch && { params: refused('ACQ.TOTAL_FEE_EXCEED') }),
    })
    return z.NEVER
  })

/** Gives a rule a sub_code of its own. */
export function refused(refusal: Refusal): { readonly refusal: Refusal } {
  return { refusal }
}

/** Letters, digits and `_` by the documents; a recorded callback had `-` as well. */
export const outTradeNo = z.string().regex(/^[0-9A-Za-z_-]{1,64}$/)
export const tradeNo = z.string().regex(/^\d{16,64}$/)
export const outRequestNo = requiredTextUpTo(64)
export const shortRequestNo = z.string().regex(/^[0-9A-Za-z_-]{1,32}$/)
export const userId = z.string().regex(/^2088\d{12}$/)
export const openId = z.string().regex(/^[\w-]{5,128}$/)

/** A moment in Beijing, as its milliseconds. */
export const time = z.string().transform((text, context) => {
  const atMs = readBeijingTime(text)
  if (atMs !== undefined) return atMs
  context.addIssue({ code: 'custom', message: '格式为yyyy-MM-dd HH:mm:ss' })
  return z.NEVER
})

const UNITS_MS = { m: MINUTE_MS, h: HOUR_MS, d: DAY_MS } as const

/** `1m` to `15d`, as milliseconds; `1c` until the day ends. */
export const duration = z
  .string()
  .regex(/^(1c|[1-9]\d*[mhd])$/)
  .transform((text, context) => {
    if (text === '1c') return 'today' as const
    const unit = UNITS_MS[text.endsWith('m') ? 'm' : text.endsWith('h') ? 'h' : 'd']
    const ms = Number(text.slice(0, -1)) * unit
    if (ms <= 15 * DAY_MS) return ms
    context.addIssue({ code: 'custom', message: '取值范围1m～15d' })
    return z.NEVER
  })

/** Alipay writes booleans as text. */
export const flag = z.enum(['true', 'false'])

/** Objects of which nothing is looked at here. */
export const anything = z.record(z.string(), z.unknown())

/** Either number finds a trade; Alipay's own wins. */
export const tradeKey = {
  out_trade_no: outTradeNo.optional(),
  trade_no: tradeNo.optional(),
} as const

export function namesTrade(body: {
  readonly out_trade_no?: string | undefined
  readonly trade_no?: string | undefined
}): boolean {
  return body.out_trade_no !== undefined || body.trade_no !== undefined
}

export const TRADE_KEY_MISSING = {
  path: ['out_trade_no'],
  message: '与trade_no不能同时为空',
}
