/** How a web page inside WeChat learns who its visitor is. */
import { callbackUrlProblem } from '../fields.ts'
import { listMerchants } from '../merchants.ts'
import { alphanumeric } from '../numbers.ts'
import type { Wechat } from '../settings.ts'
import { issueCode, redeem } from './codes.ts'
import { page, withParameters } from './html.ts'

/**
 * `GET /connect/oauth2/authorize` of the host open.weixin.qq.com: sends the browser back with a code.
 * Nobody is asked, which is what `snsapi_base` means; the simulated payer agrees to all else too.
 */
export async function authorize(wechat: Wechat, { searchParams }: URL): Promise<Response> {
  const asked = (name: string) => searchParams.get(name) ?? ''
  const [appid, scope, returnUrl] = [asked('appid'), asked('scope'), asked('redirect_uri')]
  if ((await secretOf(wechat, appid)) === undefined) return wrong('appid')
  if (asked('response_type') !== 'code') return wrong('response_type')
  if (scope !== 'snsapi_base' && scope !== 'snsapi_userinfo') return wrong('scope')
  // Unlike the address of a callback it may have a query.
  const [address = ''] = returnUrl.split('?')
  if (callbackUrlProblem(address, wechat.settings) !== undefined) return wrong('redirect_uri')
  const code = await issueCode(wechat, appid, scope)
  const location = withParameters(returnUrl, { code, state: asked('state') })
  return new Response(null, { status: 302, headers: { Location: location } })
}

function wrong(parameter: string): Response {
  return page(`${parameter} 参数错误`, '', 400)
}

/**
 * `GET /sns/oauth2/access_token` of the host api.weixin.qq.com: tells who a code was issued for.
 * Errors are answered with 200, and nothing is signed.
 */
export async function accessToken(wechat: Wechat, { searchParams }: URL): Promise<Response> {
  const asked = (name: string) => searchParams.get(name) ?? ''
  const missing = MISSING.find(([name]) => asked(name) === '')
  if (missing !== undefined) return refused(missing[1])
  if (asked('grant_type') !== 'authorization_code') return refused(40002)
  const secret = await secretOf(wechat, asked('appid'))
  if (secret === undefined) return refused(40013)
  if (secret !== asked('secret')) return refused(40125)
  const code = await redeem(wechat, asked('code'), asked('appid'))
  if (typeof code === 'number') return refused(code)
  return text({
    access_token: alphanumeric(wechat.random, 64),
    expires_in: 7_200,
    refresh_token: alphanumeric(wechat.random, 64),
    openid: code.openid,
    scope: code.scope,
  })
}

const MISSING = [
  ['appid', 41002],
  ['secret', 41004],
  ['code', 41008],
] as const

const MESSAGES: Readonly<Record<number, string>> = {
  40002: 'invalid grant_type',
  40013: 'invalid appid',
  40029: 'invalid code',
  40125: 'invalid appsecret',
  40163: 'code been used',
  41002: 'appid missing',
  41004: 'appsecret missing',
  41008: 'missing code',
  42003: 'code expired',
}

function refused(errcode: number): Response {
  return text({ errcode, errmsg: MESSAGES[errcode] ?? '' })
}

function text(body: object): Response {
  return new Response(JSON.stringify(body), { headers: { 'Content-Type': 'text/plain' } })
}

/** Of an app of any merchant. */
async function secretOf(wechat: Wechat, appid: string): Promise<string | undefined> {
  for (const { appSecrets } of await listMerchants(wechat)) {
    if (Object.hasOwn(appSecrets, appid)) return appSecrets[appid]
  }
  return undefined
}
