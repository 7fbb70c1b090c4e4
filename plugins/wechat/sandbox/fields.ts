import * as z from 'zod'
import { minor } from '../../../core/plugin/api.ts'
import type { ParameterProblem } from './refusals.ts'
import type { Settings } from './settings.ts'

/** Up to so many characters. Characters, not bytes: 127 Chinese ones fit a description. */
export function textUpTo(length: number) {
  return z.string().refine((text) => [...text].length <= length, `is longer than ${length}`)
}

export function requiredTextUpTo(length: number) {
  return textUpTo(length).refine((text) => text.length > 0, 'is required')
}

/** Whole and above zero. Larger than what fits 32 bits is out of range, as everywhere at WeChat. */
export const fen = z
  .int()
  .min(1)
  .max(2 ** 31 - 1)
  .transform(minor)

export const currency = z.literal('CNY')

export const outTradeNo = z.string().regex(/^[0-9A-Za-z_\-|*]{6,32}$/)
export const outRefundNo = z.string().regex(/^[0-9A-Za-z_\-|*@]{1,64}$/)

/** RFC 3339 with an offset, to the second. */
export const time = z.iso
  .datetime({ offset: true, precision: 0 })
  .transform((text) => Date.parse(text))

export const ip = z.union([z.ipv4(), z.ipv6()])

// Any openid of a plausible form belongs to any app here; WeChat gives each app its own.
export const openid = z.string().regex(/^o[\w-]{5,127}$/)

/** Where callbacks go. Whether `http` will do depends on the settings, so it is checked apart. */
export const callbackUrl = z.string().max(255)

/** A public https address without a query; `http` on this machine where the settings allow it. */
export function callbackUrlProblem(
  address: string,
  { allowLoopbackHttp }: Settings,
): ParameterProblem | undefined {
  const problem = (issue: string): ParameterProblem => {
    return { location: 'body', field: '/notify_url', issue }
  }
  if (/[?#]/.test(address)) return problem('must not have a query or a fragment')
  const url = URL.parse(address)
  if (url === null) return problem('is not a URL')
  if (url.protocol === 'https:') return undefined
  const loopback = ['127.0.0.1', 'localhost', '[::1]'].includes(url.hostname)
  if (url.protocol === 'http:' && loopback && allowLoopbackHttp) return undefined
  return problem('must be https')
}
