import * as z from 'zod'
import {
  type ErrorRule,
  type ErrorTable,
  type IdentityOperations,
  type IdentityOutcome,
  SECOND_MS,
} from '../../core/plugin/api.ts'
import type { WechatConfig } from './config.ts'
import { own } from './errors.ts'
import { parseJson } from './json.ts'
import { USER_AGENT } from './request.ts'

/**
 * Learns the openid of a payer whose browser is inside WeChat, for the official account of the
 * settings, without asking the payer anything.
 *
 * @see WeChat "web page authorisation", snsapi_base
 */
export const identity: IdentityOperations<WechatConfig> = {
  redirect({ appid }, { returnUrl, state }) {
    // In this order: WeChat's page is known to mind it.
    const asked = [
      ['appid', appid],
      ['redirect_uri', returnUrl],
      ['response_type', 'code'],
      ['scope', 'snsapi_base'],
      ['state', state],
    ].map(([name, value = '']) => `${name}=${encodeURIComponent(value)}`)
    return `https://open.weixin.qq.com/connect/oauth2/authorize?${asked.join('&')}#wechat_redirect`
  },

  codeParameter: 'code',

  async exchange({ http, log }, { appid, appSecret: secret }, { code }) {
    if (secret === undefined) {
      return { kind: 'not_sent', reason: 'openids need the AppSecret (appSecret)' }
    }
    const query = { appid, secret, code, grant_type: 'authorization_code' }
    const answer = await http.send({
      method: 'GET',
      url: `https://api.weixin.qq.com/sns/oauth2/access_token?${new URLSearchParams(query)}`,
      headers: { Accept: 'application/json', 'User-Agent': USER_AGENT },
      timeoutMs: 5 * SECOND_MS,
    })
    if (answer.kind !== 'answered') return answer
    const outcome = outcomeOf(answer.status, parseJson(answer.body))
    if (outcome.kind !== 'identified') {
      const error =
        outcome.kind === 'failed' || outcome.kind === 'unknown' ? outcome.error : undefined
      log.write('warn', 'WeChat did not tell an openid', { code: error?.code, class: error?.class })
    }
    return outcome
  },
}

/** It answers errors with 200, and signs nothing: an openid is as good as the connection. */
function outcomeOf(status: number, body: unknown): IdentityOutcome {
  const identified = identifiedSchema.safeParse(body)
  if (status === 200 && identified.success) {
    return { kind: 'identified', userId: identified.data.openid }
  }
  const refused = refusedSchema.safeParse(body)
  if (!refused.success) return { kind: 'unknown', evidence: `answered ${status} without an openid` }
  const code = String(refused.data.errcode)
  const rule = own(RULES, code)
  const message = refused.data.errmsg.slice(0, 256)
  if (rule !== undefined) return { kind: 'failed', error: { ...rule, code, message } }
  const error = { ...(code === BUSY ? IS_BUSY : UNMAPPED), code, message }
  return { kind: 'unknown', evidence: `answered errcode ${code}`, error }
}

const RULES: ErrorTable = {
  40029: { class: 'invalid_request', retry: 'new_attempt', fault: 'payer' },
  40163: { class: 'duplicate', retry: 'new_attempt', fault: 'payer' },
  41008: { class: 'invalid_request', retry: 'new_attempt', fault: 'payer' },
  42003: { class: 'invalid_request', retry: 'new_attempt', fault: 'payer' },
  40013: { class: 'config', retry: 'never', fault: 'merchant' },
  40001: { class: 'config', retry: 'never', fault: 'merchant' },
  40125: { class: 'config', retry: 'never', fault: 'merchant' },
  41002: { class: 'config', retry: 'never', fault: 'merchant' },
  41004: { class: 'config', retry: 'never', fault: 'merchant' },
  48001: { class: 'unauthorised', retry: 'never', fault: 'merchant' },
  45011: { class: 'rate_limited', retry: 'same_key', fault: 'us' },
}

const BUSY = '-1'
const IS_BUSY: ErrorRule = { class: 'channel_busy', retry: 'same_key', fault: 'channel' }
const UNMAPPED: ErrorRule = { class: 'unmapped', retry: 'never', fault: 'channel' }

const identifiedSchema = z.object({ openid: z.string().min(1).max(128) })
const refusedSchema = z.object({ errcode: z.int(), errmsg: z.string().default('') })
