/** v3: the same interfaces behind paths of their own, signed in headers. */
import type { Broken, Json } from '../../../../core/plugin/simulator.ts'
import { decrypt, encrypt } from '../crypto/aes.ts'
import { type Spoiling, signature, signerFor } from '../crypto/signer.ts'
import { methodOf } from '../methods.ts'
import { hex } from '../numbers.ts'
import type { App } from '../party/apps.ts'
import type { Alipay } from '../settings.ts'
import type { Call } from './call.ts'
import { carryOut } from './carrying-out.ts'
import { letInByHeader } from './let-in-by-header.ts'
import { type MESSAGES, type Reply, refusal } from './refusals.ts'

/** `/v3/alipay/trade/query`, and all others of the table. */
export async function serveRest(alipay: Alipay, request: Request): Promise<Response | Broken> {
  const { target, path, query } = requestTarget(request.url)
  const body = await request.text()
  const stranger = { app: undefined, contentKey: undefined, spoiling: 'sound' } as const
  const name = path.slice('/v3/'.length).replaceAll('/', '.')
  const method = methodOf(name)
  if (method === undefined || method.rest !== request.method) {
    return answer(alipay, refusal('isv.invalid-method'), stranger)
  }
  const { headers } = request
  const caller = await letInByHeader(alipay, { method: request.method, target, headers, body })
  if (!caller.ok) {
    return answer(alipay, caller.refusal.reply, { ...stranger, app: caller.refusal.app })
  }
  const { app } = caller.value
  if (app.lacks.includes(name)) {
    return answer(alipay, refusal('isv.insufficient-isv-permissions'), { ...stranger, app })
  }
  const isEncrypted = headers.get('alipay-encrypt-type') === 'AES'
  const contentKey = isEncrypted ? (app.contentKey ?? undefined) : undefined
  const plain = contentKey === undefined ? body : await decrypt(contentKey, body)
  const content = request.method === 'GET' ? Object.fromEntries(query) : parse(plain ?? '')
  if (content === undefined) {
    return answer(alipay, refusal('isv.illegal-json'), { ...stranger, app })
  }
  const { notify_url, ...rest } = content
  const call: Call = {
    ...caller.value,
    charset: 'utf-8',
    notifyUrl: typeof notify_url === 'string' ? notify_url : null,
    returnUrl: null,
    content: rest,
  }
  return carryOut(alipay, method, call, (reply, spoiling) =>
    answer(alipay, reply, { app, contentKey, spoiling }),
  )
}

interface Envelope {
  readonly app: App | undefined
  readonly contentKey: string | undefined
  readonly spoiling: Spoiling
}

const STATUSES: Readonly<Record<keyof typeof MESSAGES, number>> = {
  '10000': 200,
  '10003': 200,
  '20000': 500,
  '20001': 401,
  '40001': 400,
  '40002': 400,
  '40003': 400,
  '40004': 400,
  '40005': 429,
  '40006': 403,
}

/** Success is the bare object, signed; an error is a status, and a code without v2's prefix. */
async function answer(alipay: Alipay, reply: Reply, envelope: Envelope): Promise<Response> {
  const status = STATUSES[reply.code]
  const traceId = hex(alipay.random, 15)
  const headers = { 'Content-Type': 'application/json;charset=UTF-8', 'alipay-trace-id': traceId }
  if (status !== 200) {
    const link = `https://open.alipay.com/api/errCheck?traceId=${traceId}&source=openapi`
    const body = JSON.stringify({
      code: (reply.subCode ?? '').replace(/^(isv|aop|isp\.unknow)[.]?/, (prefix) =>
        prefix.startsWith('isp') ? 'unknow' : '',
      ),
      links: [{ link, desc: '解决方案' }],
      message: reply.subMessage,
    })
    return new Response(body, { status, headers })
  }
  const plain = JSON.stringify(reply.members)
  const { contentKey } = envelope
  const body = contentKey === undefined ? plain : await encrypt(contentKey, plain)
  return new Response(body, { headers: { ...headers, ...(await sealing(alipay, envelope, body)) } })
}

async function sealing(
  alipay: Alipay,
  { app, spoiling }: Envelope,
  body: string,
): Promise<Readonly<Record<string, string>>> {
  if (app === undefined) return {}
  const signer = signerFor(alipay, app)
  const timestamp = String(alipay.clock.now())
  const nonce = hex(alipay.random, 16)
  const message = new TextEncoder().encode(`${timestamp}\n${nonce}\n${body}\n`)
  const isMissing = spoiling === 'spoilt' && alipay.settings.badSignature === 'missing'
  return {
    'alipay-timestamp': timestamp,
    'alipay-nonce': nonce,
    ...(!isMissing && { 'alipay-signature': await signature(signer, message, 'RSA2', spoiling) }),
    ...(signer.certificateSn !== undefined && { 'alipay-sn': signer.certificateSn }),
  }
}

/** A host may serve the API under a prefix; clients sign that too, so only the route ignores it. */
function requestTarget(url: string) {
  const [address = ''] = url.split('#')
  const target = address.slice(address.indexOf('/', address.indexOf('://') + 3))
  const { pathname, searchParams } = new URL(url)
  return { target, path: pathname.slice(pathname.indexOf('/v3/')), query: searchParams }
}

function parse(text: string): Readonly<Record<string, Json>> | undefined {
  try {
    const json: unknown = JSON.parse(text === '' ? '{}' : text)
    const isObject = typeof json === 'object' && json !== null && !Array.isArray(json)
    return isObject ? (json as Readonly<Record<string, Json>>) : undefined
  } catch {
    return undefined // the caller answers that it is no JSON
  }
}
