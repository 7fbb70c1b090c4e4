import * as z from 'zod'
import { beijingTime } from '../beijing-time.ts'
import { type Handler, readContent } from '../door/call.ts'
import { accepted, type Members, type Refusal, type Reply, refusal } from '../door/refusals.ts'
import { newUserToken } from '../numbers.ts'
import { ANYBODY } from '../party/payers.ts'
import { GRANT_VALID_MS, grantOfRefreshToken, issueGrant } from '../party/tokens.ts'
import type { Alipay } from '../settings.ts'
import { redeem } from './codes.ts'

const tokenBody = z.strictObject({
  grant_type: z.enum(['authorization_code', 'refresh_token']),
  code: z.string().optional(),
  refresh_token: z.string().optional(),
})

/** `alipay.open.auth.token.app`: a merchant's consent becomes a token to act for it. */
export const appToken: Handler = async (alipay, call) => {
  const body = readContent(alipay, call, tokenBody, 'isv.invalid-parameter')
  if (!body.ok) return body.refusal
  const { grant_type, code = '', refresh_token = '' } = body.value
  const { appId } = call.app
  const isRefresh = grant_type === 'refresh_token'
  const party = isRefresh
    ? await grantOfRefreshToken(alipay, refresh_token)
    : await redeem(alipay, code, { kind: 'app', appId })
  if (party === undefined) {
    return refusal(isRefresh ? 'isv.refresh-token-invalid' : 'isv.code-invalid')
  }
  const { authAppId, sellerId } = party
  const { token, grant } = await issueGrant(alipay, { appIds: [appId], authAppId, sellerId })
  const issued: Members = {
    app_auth_token: token,
    app_refresh_token: grant.refreshToken,
    auth_app_id: authAppId,
    user_id: sellerId,
    expires_in: GRANT_VALID_MS / 1_000,
    re_expires_in: (GRANT_VALID_MS / 1_000) * 2,
  }
  return accepted({ ...issued, tokens: [issued] })
}

const USER_TOKEN_SECONDS = 1_296_000

/**
 * `alipay.system.oauth.token`: a payer's consent becomes who the payer is. From before the codes: its
 * parameters stand beside the common ones, and its errors under `error_response`.
 */
export const userToken: Handler = async (alipay, call) => {
  const body = readContent(alipay, call, tokenBody, 'isv.grant-type-invalid')
  if (!body.ok) return old(body.refusal)
  const { grant_type, code = '', refresh_token = '' } = body.value
  const { appId } = call.app
  if (grant_type === 'refresh_token') {
    if (!refresh_token.startsWith('authusrB')) return failed('isv.refresh-token-invalid')
  } else if ((await redeem(alipay, code, { kind: 'user', appId })) === undefined) {
    return failed('isv.code-invalid')
  }
  return old(accepted(describe(alipay, call.app.payerIds)))
}

function describe({ random, clock }: Alipay, payerIds: 'user_id' | 'open_id'): Members {
  return {
    ...(payerIds === 'user_id' ? { user_id: ANYBODY.userId } : { open_id: ANYBODY.openId }),
    access_token: newUserToken(random),
    expires_in: USER_TOKEN_SECONDS,
    refresh_token: newUserToken(random),
    re_expires_in: USER_TOKEN_SECONDS * 2,
    auth_start: beijingTime(clock.now()),
  }
}

function failed(why: Refusal): Reply {
  return old(refusal(why))
}

function old(reply: Reply): Reply {
  return { ...reply, old: true }
}
