import { ok, type Result, refuse } from '../../../../core/plugin/api.ts'
import { type Merchant, merchantOf } from '../merchants.ts'
import type { Wechat } from '../settings.ts'
import { type SignType, signatureOf } from './sign.ts'
import { readXml, type V2Members } from './xml.ts'

/** A call of APIv2 whose sender is known. */
export interface V2Call {
  readonly merchant: Merchant
  readonly members: V2Members
  readonly signType: SignType
}

/** What cannot be told to anybody in particular is told unsigned, as `return_code` FAIL. */
export async function letInV2(wechat: Wechat, body: string): Promise<Result<V2Call, string>> {
  const members = readXml(body)
  if (members === undefined) return refuse('XML格式错误')
  const { mch_id = '', sign = '', nonce_str = '', sign_type = 'MD5' } = members
  if (sign_type !== 'MD5' && sign_type !== 'HMAC-SHA256') return refuse('签名类型错误')
  const merchant = await merchantOf(wechat, mch_id)
  if (!merchant?.apiV2Key) return refuse('mch_id参数格式错误')
  if (nonce_str === '' || nonce_str.length > 32) return refuse('nonce_str参数长度有误')
  if (sign !== (await signatureOf(members, merchant.apiV2Key, sign_type))) return refuse('签名错误')
  return ok({ merchant, members, signType: sign_type })
}
