import { type ChannelPorts, type ChannelRequest, ok, type Result } from '../../core/plugin/api.ts'
import type { WechatConfig } from './config.ts'
import { manifest } from './manifest.ts'
import { authorize } from './sign.ts'

export interface Call {
  readonly method: 'GET' | 'POST'
  /** Path and query, percent-encoded. */
  readonly path: string
  /** Sent as JSON. WeChat refuses members that it does not know, `null` among them. */
  readonly body?: object
  readonly timeoutMs: number
}

/** @param keyId of the key that WeChat shall sign its answer with, when we have a choice */
export async function signedRequest(
  ports: Pick<ChannelPorts, 'clock' | 'random'>,
  config: WechatConfig,
  { method, path, body, timeoutMs }: Call,
  keyId: string | undefined,
): Promise<Result<ChannelRequest, string>> {
  // Serialised once: the text that is signed is the text that is sent.
  const text = body === undefined ? '' : JSON.stringify(body)
  const authorization = await authorize(ports, config, { method, path, body: text })
  if (!authorization.ok) return authorization
  return ok({
    method,
    url: `${ORIGIN}${path}`,
    headers: {
      Accept: 'application/json',
      Authorization: authorization.value,
      // An empty one is refused (reference §1), and not every runtime sends one by itself.
      'User-Agent': `tongbao-wxpay/${manifest.version}`,
      ...(keyId !== undefined && { 'Wechatpay-Serial': keyId }),
      ...(body !== undefined && { 'Content-Type': 'application/json' }),
    },
    ...(body !== undefined && { body: text }),
    timeoutMs,
  })
}

const ORIGIN = `https://${manifest.hosts[0]}`
