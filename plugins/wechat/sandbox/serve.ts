import type { Broken } from '../../../core/plugin/simulator.ts'
import { answer, emptyAnswer } from './answers.ts'
import { letIn } from './door.ts'
import type { PlatformKey } from './keys.ts'
import { misbehaving, type Wire } from './misbehaving.ts'
import { askedKey, usualKey } from './platform-keys.ts'
import { type Reply, refusal } from './refusals.ts'
import { findRoute, type Route } from './routes.ts'
import type { Wechat } from './settings.ts'
import { badSignatureHeaders, signatureHeaders } from './signature.ts'
import { type Target, targetOf } from './target.ts'
import { serveV2 } from './v2/serve.ts'
import { WEB } from './web/serve.ts'

/** Answers one call to WeChat as WeChat would, or as a fault that was set makes it. */
export async function serve(wechat: Wechat, request: Request): Promise<Response | Broken> {
  const target = targetOf(request.url)
  const web = WEB.get(target.path)
  if (web !== undefined) return web(wechat, request)
  return target.path.startsWith('/v3/')
    ? serveV3(wechat, request, target)
    : serveV2(wechat, request, target.path)
}

async function serveV3(
  wechat: Wechat,
  request: Request,
  { target, path, query, base }: Target,
): Promise<Response | Broken> {
  const found = findRoute(request.method, path)
  if ('missing' in found) return emptyAnswer(found.missing)

  const { method, headers } = request
  const body = new Uint8Array(await request.arrayBuffer())
  const admitted = await letIn(wechat, { method, target, headers, body })
  if (!admitted.ok) return answer(wechat, refusal(admitted.refusal))
  const merchant = admitted.value

  const asked = headers.get('wechatpay-serial')
  const key = askedKey(wechat, merchant, asked)
  if (key === undefined) {
    const usual = usualKey(wechat, merchant)
    return answer(wechat, refusal('serial_unknown'), (text) =>
      signatureHeaders(wechat, usual, text),
    )
  }

  const { operation, handle } = found.route
  return misbehaving(wechat, operation, wireOf(wechat, found.route, key), () =>
    handle(wechat, {
      merchant,
      captured: found.captured,
      query,
      contentType: headers.get('content-type') ?? '',
      body,
      base,
      sealedWith: asked === null ? undefined : key,
    }),
  )
}

function wireOf(wechat: Wechat, { notFound }: Route, key: PlatformKey): Wire<Reply> {
  return {
    send: (reply) => answer(wechat, reply, (text) => signatureHeaders(wechat, key, text)),
    spoil: (reply) =>
      reply.file === undefined
        ? answer(wechat, reply, (text) => badSignatureHeaders(wechat, key, text))
        : answer(wechat, { ...reply, file: reply.file.with(0, 0) as Uint8Array<ArrayBuffer> }),
    systemError: refusal('system_error'),
    rateLimited: refusal('rate_limited'),
    notFound: notFound && refusal(notFound),
  }
}
