import { ok, type Result, refuse } from '../../result.ts'
import type { ChannelExtra } from './channel-extra.ts'
import type { JeepayFailure } from './envelope.ts'
import { refusal } from './signed.ts'

/** JeePay's way table. What is not in it is no way at all; what is may still have no passage. */
const WAYS: ReadonlySet<string> = new Set([
  'QR_CASHIER',
  'AUTO_BAR',
  'ALI_BAR',
  'ALI_JSAPI',
  'ALI_LITE',
  'ALI_APP',
  'ALI_WAP',
  'ALI_PC',
  'ALI_QR',
  'ALI_OC',
  'WX_BAR',
  'WX_JSAPI',
  'WX_LITE',
  'WX_APP',
  'WX_H5',
  'WX_NATIVE',
  'YSF_BAR',
  'YSF_JSAPI',
  'UP_APP',
  'UP_WAP',
  'UP_QR',
  'UP_BAR',
  'UP_B2B',
  'UP_PC',
  'UP_JSAPI',
  'PP_PC',
  'DCEP_QR',
  'DCEP_BAR',
])

/** Whose payer's code it is, by its digits. @see reference §7 */
const BARS: readonly { readonly way: string; readonly code: RegExp }[] = [
  { way: 'WX_BAR', code: /^1[0-5]\d{16}$/ },
  { way: 'ALI_BAR', code: /^(2[5-9]|30).{14,22}$/ },
  { way: 'YSF_BAR', code: /^62.{17}$/ },
]

/** The way that is meant: `AUTO_BAR` is found out by the payer's code. */
export function resolveWay(wayCode: string, extra: ChannelExtra): Result<string, JeepayFailure> {
  if (!WAYS.has(wayCode)) return refuse(refusal('不支持的支付方式'))
  if (wayCode !== 'AUTO_BAR') return ok(wayCode)
  const authCode = extra.get('authcode') ?? ''
  if (authCode === '') return refuse(refusal('条码为空'))
  const bar = BARS.find(({ code }) => code.test(authCode))
  return bar === undefined ? refuse(refusal('不支持的条码')) : ok(bar.way)
}
