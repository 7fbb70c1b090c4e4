import { type ChannelPorts, type ChannelRequest, ok, type Result } from '../../core/plugin/api.ts'
import type { WechatConfig } from './config.ts'
import { urlOf } from './hosts.ts'
import { manifest } from './manifest.ts'
import { authorize } from './sign.ts'

export interface Call {
  readonly method: 'GET' | 'POST'
  /** Path and query, percent-encoded. */
  readonly path: string
  /** Sent as JSON. WeChat refuses members that it does not know, `null` among them. */
  readonly body?: object
  /** Of the key that sensitive members of the body are encrypted with. */
  readonly keyId?: string
  readonly timeoutMs: number
  /** Default 1 MiB; bills are longer. */
  readonly maxAnswerBytes?: number
  /** Charges somebody at once: it is sent to one host only, whatever becomes of it. */
  readonly once?: true
}

export const USER_AGENT = `tongbao-wxpay/${manifest.version}`

/** @param keyId of the key that WeChat shall sign its answer with, when we have a choice */
export async function signedRequest(
  ports: Pick<ChannelPorts, 'clock' | 'random'>,
  config: WechatConfig,
  { method, path, body, timeoutMs, maxAnswerBytes }: Call,
  keyId: string | undefined,
): Promise<Result<ChannelRequest, string>> {
  // Serialised once: the text that is signed is the text that is sent.
  const text = body === undefined ? '' : JSON.stringify(body)
  const authorization = await authorize(ports, config, { method, path, body: text })
  if (!authorization.ok) return authorization
  return ok({
    method,
    url: urlOf(path),
    headers: {
      Accept: 'application/json',
      Authorization: authorization.value,
      // An empty one is refused (reference §1), and not every runtime sends one by itself.
      'User-Agent': USER_AGENT,
      ...(keyId !== undefined && { 'Wechatpay-Serial': keyId }),
      ...(body !== undefined && { 'Content-Type': 'application/json' }),
    },
    ...(body !== undefined && { body: text }),
    timeoutMs,
    ...(maxAnswerBytes !== undefined && { maxAnswerBytes }),
  })
}

/** The query of a path, with its question mark; nothing for nothing. */
export function queryOf(members: Readonly<Record<string, string>>): string {
  const query = new URLSearchParams(members).toString()
  return query === '' ? '' : `?${query}`
}
