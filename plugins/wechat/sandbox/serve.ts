import type { AnswerFault, Broken } from '../../../core/plugin/simulator.ts'
import { answer, emptyAnswer, htmlAnswer, truncated } from './answers.ts'
import { letIn } from './door.ts'
import { strike } from './faults.ts'
import type { PlatformKey } from './keys.ts'
import { askedKey, usualKey } from './platform-keys.ts'
import { type Reply, refusal } from './refusals.ts'
import { findRoute, type Route } from './routes.ts'
import type { Wechat } from './settings.ts'
import { badSignatureHeaders, signatureHeaders } from './signature.ts'

/** Answers one call to WeChat's API as WeChat would, or as a fault that was set makes it. */
export async function serve(wechat: Wechat, request: Request): Promise<Response | Broken> {
  const { target, path, query } = requestTarget(request.url)
  const found = findRoute(request.method, path)
  if ('missing' in found) return emptyAnswer(found.missing)

  const { method, headers } = request
  const body = new Uint8Array(await request.arrayBuffer())
  const admitted = await letIn(wechat, { method, target, headers, body })
  if (!admitted.ok) return answer(wechat, refusal(admitted.refusal))
  const merchant = admitted.value

  const key = askedKey(wechat, merchant, headers.get('wechatpay-serial'))
  if (key === undefined) {
    return answer(wechat, refusal('serial_unknown'), sealing(wechat, usualKey(wechat, merchant)))
  }

  return misbehaving(wechat, found.route, key, () =>
    found.route.handle(wechat, {
      merchant,
      captured: found.captured,
      query,
      contentType: headers.get('content-type') ?? '',
      body,
    }),
  )
}

/** Carries a call out and answers it, unless a fault strikes before, instead or after. */
async function misbehaving(
  wechat: Wechat,
  { operation, notFound }: Route,
  key: PlatformKey,
  carryOut: () => Promise<Reply>,
): Promise<Response | Broken> {
  const signed = (reply: Reply) => answer(wechat, reply, sealing(wechat, key))

  const able = notFound === undefined ? ON_ANY : ON_QUERIES
  const struck = operation && (await strike(wechat, operation, able))
  switch (struck?.fault) {
    case undefined:
      return signed(await carryOut())
    case 'silence_before':
      return 'silence'
    case 'reset_before':
      return 'reset'
    case 'error_before':
      return signed(refusal('system_error'))
    case 'html_before':
      return htmlAnswer()
    case 'rate_limited':
      return signed(refusal('rate_limited'))
    case 'not_found':
      return signed(refusal(notFound ?? 'order_unknown'))
    case 'silence_after':
      await carryOut()
      return 'silence'
    case 'reset_after':
      await carryOut()
      return 'reset'
    case 'error_after':
      await carryOut()
      return signed(refusal('system_error'))
    case 'bad_signature':
      return answer(wechat, await carryOut(), (body) => badSignatureHeaders(wechat, key, body))
    case 'truncated': {
      const reply = await carryOut()
      // A body of no bytes cannot end half way; what can is the answer before it.
      return reply.body === undefined ? 'reset' : truncated(await signed(reply))
    }
  }
}

function sealing(wechat: Wechat, key: PlatformKey) {
  return (body: string) => signatureHeaders(wechat, key, body)
}

const ON_ANY = [
  'silence_before',
  'silence_after',
  'reset_before',
  'reset_after',
  'error_before',
  'error_after',
  'html_before',
  'rate_limited',
  'bad_signature',
  'truncated',
] as const satisfies readonly AnswerFault[]

const ON_QUERIES: readonly AnswerFault[] = [...ON_ANY, 'not_found']

/**
 * The request line's target, which is what was signed, and the part of it that names an operation.
 *
 * A host may serve the API under a prefix; clients sign that too, so only the route ignores it.
 * `Request` leaves percent-encoding as it was sent, which is what makes this the target as received.
 */
function requestTarget(url: string) {
  const [address = ''] = url.split('#')
  const target = address.slice(address.indexOf('/', address.indexOf('://') + 3))
  const { pathname, searchParams } = new URL(url)
  return {
    target,
    path: pathname.slice(Math.max(0, pathname.indexOf('/v3/'))),
    query: searchParams,
  }
}
