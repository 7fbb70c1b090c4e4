import type { ChannelPorts, ChannelRequest, HttpAnswer } from '../../core/plugin/api.ts'
import { manifest } from './manifest.ts'

const [MAIN, SECOND] = manifest.hosts

export function urlOf(path: string): string {
  return `https://${MAIN}${path}`
}

/** Whether it is WeChat Pay's own: only there may a signature of the merchant be sent. */
export function isWechatPay(url: URL): boolean {
  return url.protocol === 'https:' && (url.host === MAIN || url.host === SECOND)
}

/**
 * Sends a call to the main host, and when it is proven that nothing of it left, to the second one:
 * the same API under the same keys elsewhere, and no signature covers the host (reference §1). A
 * runtime that can prove nothing (Workers) stays with the main host.
 */
export async function sendToEither(
  { http }: Pick<ChannelPorts, 'http'>,
  request: ChannelRequest,
): Promise<HttpAnswer> {
  const answer = await http.send(request)
  if (answer.kind !== 'not_sent') return answer
  const second = await http.send({
    ...request,
    url: request.url.replace(`//${MAIN}/`, `//${SECOND}/`),
  })
  // Why the first did not is what somebody will want to know.
  return second.kind === 'not_sent' ? answer : second
}
