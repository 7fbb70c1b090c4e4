import { alphanumeric } from '../numbers.ts'
import { type Refusal, refusal } from '../refusals.ts'
import type { Wechat } from '../settings.ts'
import type { V2Call } from './door.ts'
import { signatureOf } from './sign.ts'
import { type V2Members, writeXml } from './xml.ts'

/** What a call of APIv2 is answered with, before it is signed. */
export type V2Reply =
  | { readonly kind: 'done'; readonly members: V2Members }
  | {
      readonly kind: 'refused'
      readonly code: string
      readonly text: string
      readonly members?: V2Members
    }

export function refusalV2(why: Refusal): Extract<V2Reply, { kind: 'refused' }> {
  const { code, text } = wordsOf(why)
  return { kind: 'refused', code: SPELLINGS[code] ?? code, text }
}

/** A member is missing, or is not what it should be. */
export function badMember(name: string, problem: 'missing' | 'wrong'): V2Reply {
  return problem === 'missing'
    ? { kind: 'refused', code: 'LACK_PARAMS', text: `缺少必填参数${name}` }
    : { kind: 'refused', code: 'PARAM_ERROR', text: `${name}参数格式错误` }
}

function wordsOf(why: Refusal): { readonly code: string; readonly text: string } {
  const { body } = refusal(why)
  const { code, message } = body as { readonly code: string; readonly message: string }
  return { code, text: message }
}

/** As APIv2 spells what APIv3 spells in another way. */
const SPELLINGS: V2Members = {
  SYSTEM_ERROR: 'SYSTEMERROR',
  BANK_ERROR: 'BANKERROR',
  USER_PAYING: 'USERPAYING',
  NOT_ENOUGH: 'NOTENOUGH',
  NO_AUTH: 'NOAUTH',
  ORDER_CLOSED: 'ORDERCLOSED',
  ORDER_NOT_EXIST: 'ORDERNOTEXIST',
}

export function sendV2(wechat: Wechat, call: V2Call, reply: V2Reply): Promise<Response> {
  return signed(wechat, call, reply, (signature) => signature)
}

/** The same with one character of the signature changed. */
export function spoilV2(wechat: Wechat, call: V2Call, reply: V2Reply): Promise<Response> {
  return signed(wechat, call, reply, (signature) =>
    signature.replace(/^./, (first) => (first === '0' ? '1' : '0')),
  )
}

async function signed(
  { random }: Wechat,
  { merchant, members, signType }: V2Call,
  reply: V2Reply,
  change: (signature: string) => string,
): Promise<Response> {
  const { appid = '', mch_id = '', sub_mch_id, sub_appid } = members
  const said = {
    return_code: 'SUCCESS',
    return_msg: 'OK',
    appid,
    mch_id,
    ...(sub_appid !== undefined && { sub_appid }),
    ...(sub_mch_id !== undefined && { sub_mch_id }),
    nonce_str: alphanumeric(random, 16),
    ...(reply.kind === 'done'
      ? { result_code: 'SUCCESS', ...reply.members }
      : {
          result_code: 'FAIL',
          err_code: reply.code,
          err_code_des: reply.text,
          ...reply.members,
        }),
  }
  const signature = await signatureOf(said, merchant.apiV2Key ?? '', signType)
  return xmlAnswer({ ...said, sign: change(signature) })
}

/** For whom WeChat has not recognised. */
export function turnedAway(text: string): Response {
  return xmlAnswer({ return_code: 'FAIL', return_msg: text })
}

function xmlAnswer(members: V2Members): Response {
  return new Response(writeXml(members), { headers: { 'Content-Type': 'text/plain' } })
}
