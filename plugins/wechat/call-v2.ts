import type { ChannelPorts, HttpAnswer, NotSent, Unknown } from '../../core/plugin/api.ts'
import type { WechatConfig } from './config.ts'
import { type ErrorAnswer, ruleOf } from './errors.ts'
import { sendToEither, urlOf } from './hosts.ts'
import { v2Parties } from './mode.ts'
import { USER_AGENT } from './request.ts'
import { newNonce } from './sign.ts'
import { isSameSignature, signV2 } from './sign-v2.ts'
import { readXml, writeXml } from './xml.ts'

export interface V2Call {
  readonly path: string
  /** Instead of WeChat's own host, when it has to go by a proxy. */
  readonly url?: string
  readonly members: Readonly<Record<string, string>>
  readonly timeoutMs: number
  /** Charges somebody at once: it is sent to one host only, whatever becomes of it. */
  readonly once?: true
}

/** An answer of `result_code` SUCCESS that WeChat signed. */
export interface V2Answer {
  readonly kind: 'verified'
  readonly members: Readonly<Record<string, string>>
}

/**
 * Signs an APIv2 call, sends it, and believes nothing that WeChat did not sign: not even an error.
 *
 * @see WeChat Pay APIv2 "protocol" (reference §8.2)
 */
export async function callV2(
  ports: ChannelPorts,
  config: WechatConfig,
  { path, url, members, timeoutMs, once }: V2Call,
): Promise<V2Answer | ErrorAnswer | NotSent | Unknown> {
  const { apiV2Key: key, apiV2Signature: type = 'HMAC-SHA256' } = config
  if (key === undefined) {
    return { kind: 'not_sent', reason: 'WX_BAR needs the APIv2 key (apiV2Key), or codePay v3' }
  }
  const named = {
    ...v2Parties(config),
    ...members,
    nonce_str: newNonce(ports.random),
    sign_type: type,
  }
  const request = {
    method: 'POST',
    url: url ?? urlOf(path),
    headers: { 'Content-Type': 'text/xml; charset=utf-8', 'User-Agent': USER_AGENT },
    body: writeXml({ ...named, sign: await signV2(named, key, type) }),
    timeoutMs,
  } as const
  const isBound = once === true || url !== undefined
  const answer = await (isBound ? ports.http.send(request) : sendToEither(ports, request))
  if (answer.kind !== 'answered') return answer

  const read = await readSigned(answer, (answered) => signV2(answered, key, type))
  const { kind } = read
  const code = kind === 'error' ? read.code : undefined
  if (kind === 'error' || kind === 'unknown') {
    const because = kind === 'unknown' ? read.evidence : undefined
    const meaning = code === undefined ? undefined : ruleOf(code).class
    ports.log.write('warn', 'WeChat Pay answered an error', { path, code, class: meaning, because })
  }
  return read
}

async function readSigned(
  { status, body }: Extract<HttpAnswer, { kind: 'answered' }>,
  sign: (members: Readonly<Record<string, string>>) => Promise<string>,
): Promise<V2Answer | ErrorAnswer | Unknown> {
  const parsed = status === 200 ? readXml(new TextDecoder().decode(body)) : undefined
  if (parsed === undefined) return { kind: 'unknown', evidence: `answered ${status} without XML` }
  const members = Object.fromEntries(parsed)
  // Turned away at the door, unsigned: nothing is known of what it was about (reference §8.2).
  if (members.return_code !== 'SUCCESS') {
    const code = codeOf(members.return_code)
    const error = { ...ruleOf(code), code, message: textOf(members.return_msg) }
    return { kind: 'unknown', evidence: `answered return_code ${code}`, error }
  }
  const expected = await sign(members)
  if (!isSameSignature(members.sign ?? '', expected)) {
    return { kind: 'unknown', evidence: 'answered, but its signature is wrong' }
  }
  if (members.result_code === 'SUCCESS') return { kind: 'verified', members }
  return {
    kind: 'error',
    status,
    code: codeOf(members.err_code),
    message: textOf(members.err_code_des),
    requestId: 'APIv2',
    // Unlike an error of APIv3 it is signed, and says that this request was turned away.
    isCertain: true,
  }
}

function codeOf(text = ''): string {
  return /^[0-9A-Za-z_.-]{1,64}$/.test(text) ? text : 'NO_CODE'
}

function textOf(text = ''): string {
  return text.slice(0, 256)
}
