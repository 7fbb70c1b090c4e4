import { type ChannelPorts, type NotSent, SECOND_MS, type Unknown } from '../../core/plugin/api.ts'
import { utf8Of } from './bytes.ts'
import type { AlipayConfig } from './config.ts'
import { rawMembers } from './envelope.ts'
import { gatewayOf } from './environment.ts'
import { parseJson } from './json.ts'
import { type Call, sealedParameters } from './parameters.ts'

export interface TimedCall extends Call {
  readonly timeoutMs: number
}

/** Reference §1: ten to fifteen seconds. Alipay promises nothing. */
export const CALL_TIMEOUT_MS = 10 * SECOND_MS
/** For calls that move money while they are answered. */
export const SLOW_CALL_TIMEOUT_MS = 15 * SECOND_MS

/** What the gateway answered, taken apart but neither verified nor parsed. */
export interface Envelope {
  readonly kind: 'envelope'
  /** The text of the node, which is what the signature covers. */
  readonly node: string
  /** It is an answer to this very method, not an error of the gateway. */
  readonly isOfMethod: boolean
  readonly signature: string | undefined
  /** Of the certificate that Alipay signed with, in certificate mode. */
  readonly certificateSerial: string | undefined
  /** Alipay's support asks for it. */
  readonly traceId: string
}

/** Signs a call and sends it. */
export async function askGateway(
  ports: ChannelPorts,
  config: AlipayConfig,
  call: TimedCall,
): Promise<Envelope | NotSent | Unknown> {
  const parameters = await sealedParameters(ports, config, call)
  if (!parameters.ok) return { kind: 'not_sent', reason: parameters.refusal }
  const answer = await ports.http.send({
    method: 'POST',
    url: gatewayOf(config),
    headers: {
      Accept: 'application/json',
      'Content-Type': 'application/x-www-form-urlencoded;charset=utf-8',
    },
    body: new URLSearchParams([...parameters.value]).toString(),
    timeoutMs: call.timeoutMs,
  })
  if (answer.kind !== 'answered') return answer

  const traceId = (answer.headers.get('trace_id') ?? 'no trace id').slice(0, 64)
  if (answer.status !== 200) {
    return { kind: 'unknown', evidence: `answered ${answer.status} (${traceId})` }
  }
  const text = utf8Of(answer.body)
  const members = text === undefined ? undefined : rawMembers(text)
  const ofMethod = members?.get(`${call.method.replaceAll('.', '_')}_response`)
  const node = ofMethod ?? members?.get('error_response')
  if (members === undefined || node === undefined) {
    return { kind: 'unknown', evidence: `answered without a node for the method (${traceId})` }
  }
  return {
    kind: 'envelope',
    node,
    isOfMethod: ofMethod !== undefined,
    signature: stringIn(members, 'sign'),
    certificateSerial: stringIn(members, 'alipay_cert_sn'),
    traceId,
  }
}

function stringIn(members: ReadonlyMap<string, string>, name: string): string | undefined {
  const value = parseJson(members.get(name) ?? '')
  return typeof value === 'string' && value !== '' ? value : undefined
}
