import type { Broken, SimulatedOperation } from '../../../../core/plugin/simulator.ts'
import { htmlAnswer } from '../answers.ts'
import { misbehaving } from '../misbehaving.ts'
import type { Wechat } from '../settings.ts'
import { refusalV2, sendV2, spoilV2, turnedAway, type V2Reply } from './answers.ts'
import { letInV2, type V2Call } from './door.ts'
import { micropay } from './micropay.ts'
import { orderQuery, reverseV2 } from './orders.ts'

interface V2Route {
  readonly operation: SimulatedOperation
  readonly handle: (wechat: Wechat, call: V2Call) => Promise<V2Reply>
  /** Only for who shows the merchant's certificate. */
  readonly needsCertificate?: true
}

const ROUTES: ReadonlyMap<string, V2Route> = new Map<string, V2Route>([
  ['/pay/micropay', { operation: 'pay', handle: micropay }],
  ['/pay/orderquery', { operation: 'query', handle: orderQuery }],
  ['/secapi/pay/reverse', { operation: 'close', handle: reverseV2, needsCertificate: true }],
])

/**
 * A host that stands before WeChat and shows the merchant's certificate, as an operator's own proxy
 * does. A `Request` has no room for a certificate, so who came by WeChat's own hosts showed none.
 */
export const CERTIFICATE_PROXY = 'wechat-certificate-proxy.test'

const WITHOUT_CERTIFICATE = ['api.mch.weixin.qq.com', 'api2.mch.weixin.qq.com']

/** Answers one call of APIv2. */
export async function serveV2(
  wechat: Wechat,
  request: Request,
  path: string,
): Promise<Response | Broken> {
  const route = ROUTES.get(path)
  if (route === undefined) return new Response(null, { status: 404 })
  if (request.method !== 'POST') return new Response(null, { status: 405 })
  if (route.needsCertificate && WITHOUT_CERTIFICATE.includes(new URL(request.url).host)) {
    return htmlAnswer(400, 'No required SSL certificate was sent')
  }
  const admitted = await letInV2(wechat, await request.text())
  if (!admitted.ok) return turnedAway(admitted.refusal)
  const call = admitted.value
  const wire = {
    send: (reply: V2Reply) => sendV2(wechat, call, reply),
    spoil: (reply: V2Reply) => spoilV2(wechat, call, reply),
    systemError: refusalV2('system_error'),
    rateLimited: refusalV2('rate_limited'),
    notFound: route.operation === 'query' ? refusalV2('order_unknown') : undefined,
  }
  return misbehaving<V2Reply>(wechat, route.operation, wire, () => route.handle(wechat, call))
}
