import * as z from 'zod'
import { addressProblem } from '../../notification/address.ts'

/**
 * Fields of JeePay's requests as schemas over sign texts. Each carries JeePay's own message, since
 * clients match on them. @see reference §4, 6, 9
 */

/** Required text. */
export const required = (message: string, maxLength: number, name: string) =>
  z
    .string({ error: message })
    .refine((text) => text.trim() !== '', { error: message, abort: true })
    .refine((text) => isShort(text, maxLength), tooLong(name, maxLength))

/** A number that names something of ours; required. */
export const requiredId = (message: string, name: string) =>
  required(message, 19, name)
    .refine((text) => /^\d{1,15}$/.test(text), { error: message, abort: true })
    .transform(Number)

/** Absent and empty are the same. */
export const optional = (maxLength: number, name: string) =>
  z
    .string()
    .refine((text) => isShort(text, maxLength), tooLong(name, maxLength))
    .optional()
    .transform((text) => (text === '' ? undefined : text))

/**
 * Amount in fen: a whole number above zero. Yuan with a decimal point are refused, not rounded.
 *
 * @param missing for an absent amount, and for one below 1, as JeePay has it
 */
export const fen = (missing: string, name: string, tooSmall = missing) =>
  z
    .string({ error: missing })
    .refine((text) => text !== '', { error: missing, abort: true })
    .refine((text) => /^[+-]?\d+$/.test(text), {
      error: `参数有误[${name}必须是以分为单位的整数]`,
      abort: true,
    })
    .transform(Number)
    .refine((amount) => amount >= 1, { error: tooSmall, abort: true })
    .refine((amount) => amount <= MAX_FEN, `参数有误[${name}超出范围]`)

/** Whole number in a range; absent and empty give nothing. */
export const whole = (message: string, min: number, max: number) =>
  z
    .string()
    .optional()
    .refine((text) => text === undefined || text === '' || /^-?\d{1,15}$/.test(text), {
      error: message,
      abort: true,
    })
    .transform((text) => (text === undefined || text === '' ? undefined : Number(text)))
    .refine((value) => value === undefined || (value >= min && value <= max), message)

/** Optional http or https URL, on one line: `URL` would skip line breaks, a header would not. */
export const webAddress = (message: string, name: string) =>
  optional(256, name).refine((text) => text === undefined || isWebAddress(text), message)

function isWebAddress(text: string): boolean {
  return /^https?:\/\//.test(text) && !/\p{Cc}/u.test(text) && URL.canParse(text)
}

/** Where notifications may go: nowhere into our own network, unless the deployment allows it. */
export function privateTargetRefusal(
  notifyUrl: string | undefined,
  allowsPrivateTargets: boolean,
): string | undefined {
  if (notifyUrl === undefined || allowsPrivateTargets) return undefined
  return addressProblem(notifyUrl) === undefined ? undefined : '异步通知地址不允许指向内部网络！'
}

/** 100,000,000 yuan: above what any channel takes in one payment. */
const MAX_FEN = 10_000_000_000

function isShort(text: string, maxLength: number): boolean {
  return [...text].length <= maxLength
}

function tooLong(name: string, maxLength: number): string {
  return `${name}长度不能超过${maxLength}`
}
