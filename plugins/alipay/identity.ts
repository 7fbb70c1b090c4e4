import * as z from 'zod'
import type { IdentityOperations } from '../../core/plugin/api.ts'
import { callAlipay } from './call.ts'
import type { AlipayConfig } from './config.ts'
import { type EndingTable, each, outcomeOf } from './endings.ts'
import { consentPageOf } from './environment.ts'
import { CALL_TIMEOUT_MS } from './gateway.ts'
import { misfitOf } from './json.ts'

/** A code is good once and for a moment: whatever refuses it, the payer has to be asked again. */
const IDENTITY_ENDINGS: EndingTable<'failed' | 'not_sent' | 'unknown'> = {
  turnedAway: 'failed',
  rateLimited: 'not_sent',
  codes: each('unknown', 'SYSTEM_ERROR'),
  otherwise: 'failed',
}

/**
 * Who the payer is: by a page that asks nothing of somebody who is logged in, and a code that is
 * exchanged for an open id, or for a user id with applications that still get those.
 *
 * @see alipay.system.oauth.token
 */
export const identity: IdentityOperations<AlipayConfig> = {
  redirect(config, { returnUrl, state }) {
    const asked = new URLSearchParams({
      app_id: config.appId,
      scope: 'auth_base',
      redirect_uri: returnUrl,
      state,
    })
    return `${consentPageOf(config)}?${asked}`
  },

  codeParameter: 'auth_code',

  async exchange(ports, config, { code }) {
    const answer = await callAlipay(ports, config, {
      method: 'alipay.system.oauth.token',
      parameters: { grant_type: 'authorization_code', code },
      // The payer consented to the application, whichever merchant it works for.
      as: 'application',
      timeoutMs: CALL_TIMEOUT_MS,
    })
    if (answer.kind === 'error') return outcomeOf(IDENTITY_ENDINGS, answer)
    if (answer.kind !== 'verified') return answer
    const token = tokenSchema.safeParse(answer.body)
    if (!token.success)
      return { kind: 'unknown', evidence: `answered, but ${misfitOf(token.error)}` }
    const userId = token.data.user_id || token.data.open_id
    if (!userId) return { kind: 'unknown', evidence: 'answered without a user' }
    return { kind: 'identified', userId }
  },
}

const tokenSchema = z.object({
  user_id: z.string().max(128).optional(),
  open_id: z.string().max(128).optional(),
})
