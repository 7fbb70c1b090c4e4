import { and, eq } from 'drizzle-orm'
import * as z from 'zod'
import type { Core } from '../../core.ts'
import type { AccountId, AppId } from '../../ids.ts'
import { runOperation } from '../../plugin/host.ts'
import { ok, refuse } from '../../result.ts'
import { accountOf, bindChannel, isOutOfDate } from '../../routing/directory.ts'
import { seal, unseal } from '../../sealing/seal.ts'
import { issueToken, isTokenOf } from '../../signing/token.ts'
import { channelConfigs } from '../../store/schema.ts'
import { MINUTE_MS } from '../../time.ts'
import { withQuery } from '../return.ts'
import { failureAnswer, presentFields } from './envelope.ts'
import { optional, required } from './fields.ts'
import { type Caller, type Handled, refusal, type SignedRoute } from './signed.ts'

/** How long a payer may think about the consent page. */
const STATE_LIVES_MS = 10 * MINUTE_MS

const identityFields = z.object({
  ifCode: required('支付接口代码不能为空', 20, 'ifCode'),
  redirectUrl: required('跳转地址有误！', 512, 'redirectUrl').refine(
    (text) => /^https?:\/\//.test(text) && URL.canParse(text),
    '跳转地址有误！',
  ),
  extParam: optional(256, 'extParam'),
})

type Fields = z.output<typeof identityFields>

/** /api/channelUserId/jump, any method: answers with a redirect. @see reference §12 */
export const identityJump: SignedRoute<typeof identityFields, { readonly location: string }> = {
  fields: identityFields,
  handle: startIdentity,
}

/** What has to be known when the payer comes back; sealed, so nobody else can make or read one. */
const journey = z.object({
  appId: z.string(),
  channel: z.string(),
  accountId: z.string(),
  configVersion: z.number(),
  redirectUrl: z.string(),
  extParam: z.string().optional(),
  untilMs: z.number(),
})

/** Sends the payer to the channel's consent page, from where they come back with their id. */
async function startIdentity(
  core: Core,
  { app, request }: Caller,
  fields: Fields,
): Promise<Handled<{ readonly location: string }>> {
  const userAgent = request.headers.get('user-agent') ?? ''
  const passage = passageMeant(core, app, fields.ifCode, userAgent)
  if (passage === undefined) {
    return refuse((await isOutOfDate(core, app)) ? 'stale_app' : refusal('不支持的客户端'))
  }
  const bound = await bindChannel(core, passage)
  if (bound.identity === undefined) return refuse(refusal('不支持的客户端'))
  const { ports, settings } = core
  const { accountId, configVersion } = passage
  const { redirectUrl, extParam } = fields
  const state: z.output<typeof journey> = {
    appId: app.appId,
    channel: passage.channel,
    accountId,
    configVersion,
    redirectUrl,
    ...(extParam !== undefined && { extParam }),
    untilMs: ports.clock.now() + STATE_LIVES_MS,
  }
  const sealed = await seal(ports.keyRing, 'identity', JSON.stringify(state))
  return ok({
    location: bound.identity.redirect({
      returnUrl: `${settings.publicUrl}/api/channelUserId/back/${sealed}`,
      // Channels take little and plain text here: it only ties the answer to the question.
      state: await issueToken(ports.keyRing, 'identity', sealed),
    }),
  })
}

/** JeePay's AUTO: the channel whose own client the payer is in, of those that the app has. */
function passageMeant({ channels }: Core, app: Caller['app'], ifCode: string, userAgent: string) {
  if (ifCode !== 'AUTO') return accountOf(app, ifCode)
  for (const channel of new Set([...app.passages.values()].map((one) => one.channel))) {
    const mark = channels.get(channel)?.manifest.capabilities.identity?.userAgentHas
    if (mark !== undefined && userAgent.includes(mark)) return accountOf(app, channel)
  }
  return undefined
}

/** Where the channel sends the payer back to: exchanges the code, and goes on to the merchant. */
export async function serveIdentityReturn(
  core: Core,
  request: Request,
  sealed: string,
): Promise<Response> {
  const { ports } = core
  const query = new URL(request.url).searchParams
  const opened = await unseal(ports.keyRing, 'identity', sealed)
  const isOurs = await isTokenOf(ports.keyRing, 'identity', sealed, query.get('state') ?? '')
  if (!opened.ok || !isOurs) return failureAnswer(refusal('跳转状态有误，请重新发起'))
  const known = journey.parse(JSON.parse(opened.value))
  if (known.untilMs < ports.clock.now()) return failureAnswer(refusal('跳转已过期，请重新发起'))

  const userId = await exchange(core, known, query)
  if (userId === undefined) return failureAnswer(refusal('未能获取用户标识，请重新发起'))
  const { appId, redirectUrl, extParam } = known
  const fields = presentFields({ appId, channelUserId: userId, extParam })
  const location = withQuery(redirectUrl, fields)
  return new Response(null, { status: 302, headers: { location } })
}

async function exchange(
  core: Core,
  known: z.output<typeof journey>,
  query: URLSearchParams,
): Promise<string | undefined> {
  const accountId = known.accountId as AccountId
  const { channel, configVersion } = known
  const { read } = core.store
  const [configs] = await read.batch([
    read
      .select({ settingsSealed: channelConfigs.settingsSealed })
      .from(channelConfigs)
      .where(
        and(eq(channelConfigs.accountId, accountId), eq(channelConfigs.version, configVersion)),
      ),
  ])
  const settingsSealed = configs[0]?.settingsSealed
  if (settingsSealed === undefined) return undefined
  const pinned = { channel, accountId, configVersion, settingsSealed }
  const bound = await bindChannel(core, pinned)
  const { identity } = bound
  const code = identity === undefined ? null : query.get(identity.codeParameter)
  if (identity === undefined || code === null) return undefined
  const { outcome } = await runOperation(
    core,
    bound,
    { operation: 'identity', accountId },
    (ports) => identity.exchange(ports, { code }),
  )
  if (outcome.kind === 'identified') return outcome.userId
  core.ports.log.write('warn', 'a payer was not identified', {
    appId: known.appId as AppId,
    channel,
    outcome: outcome.kind,
  })
  return undefined
}
