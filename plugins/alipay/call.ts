import * as z from 'zod'
import type { ChannelPorts, NotSent, Unknown } from '../../core/plugin/api.ts'
import { alipayKey } from './alipay-keys.ts'
import type { AlipayConfig } from './config.ts'
import { decryptContent } from './content-cipher.ts'
import { type ErrorAnswer, ruleOf } from './errors.ts'
import { askGateway, type Envelope, type TimedCall } from './gateway.ts'
import { parseJson } from './json.ts'
import { rsaVerifyText } from './rsa.ts'

/** An answer that Alipay signed and that is no error: the only kind that may say that money moved. */
export interface VerifiedAnswer {
  readonly kind: 'verified'
  /** `10003`: a payer has been asked for a password. */
  readonly code: '10000' | '10003'
  /** Parsed JSON, not yet checked for its shape. */
  readonly body: unknown
}

export type Answer = VerifiedAnswer | ErrorAnswer | NotSent | Unknown

/**
 * Calls the open platform, and believes what Alipay signed. Not signed is only what the gateway
 * turns away before it knows whose call it is; that says nothing but that it was turned away.
 */
export async function callAlipay(
  ports: ChannelPorts,
  config: AlipayConfig,
  call: TimedCall,
): Promise<Answer> {
  const envelope = await askGateway(ports, config, call)
  if (envelope.kind !== 'envelope') return envelope
  const { traceId } = envelope
  const isSigned = envelope.signature !== undefined
  const because = isSigned ? await mistrust(ports, config, envelope) : undefined
  if (because !== undefined) {
    const { method } = call
    ports.log.write('error', 'an answer of Alipay does not verify', { method, traceId, because })
    const evidence = `answered, but ${because} (${traceId})`
    return { kind: 'unknown', evidence, unverified: true }
  }

  const body = await bodyOf(config, envelope)
  const head = headSchema.safeParse(body)
  if (!head.success) return { kind: 'unknown', evidence: `answered, but not readably (${traceId})` }
  // Old interfaces answer success without a code (reference §3).
  const { code = '10000', sub_code: subCode, sub_msg, msg } = head.data
  if (code === '10000' || code === '10003') {
    if (isSigned && envelope.isOfMethod) return { kind: 'verified', code, body }
    return { kind: 'unknown', evidence: `answered ${code}, but nobody signed it (${traceId})` }
  }
  if (!isSigned && !GATEWAY_CODES.has(code)) {
    return { kind: 'unknown', evidence: `answered ${code}, but nobody signed it (${traceId})` }
  }
  const message = (sub_msg ?? msg).slice(0, 256)
  const error: ErrorAnswer = { kind: 'error', code, subCode: subCode ?? '', message, traceId }
  ports.log.write('warn', 'Alipay answered an error', {
    method: call.method,
    code,
    subCode,
    class: ruleOf(error).class,
    traceId,
  })
  return error
}

async function mistrust(
  ports: ChannelPorts,
  config: AlipayConfig,
  { node, signature = '', certificateSerial }: Envelope,
): Promise<string | undefined> {
  const spki = await alipayKey(ports, config, certificateSerial)
  if (spki === undefined) return 'it is signed with a key that we do not know'
  return (await rsaVerifyText(spki, node, signature)) ? undefined : 'its signature is wrong'
}

/** An encrypted answer is a string; errors of the gateway are not encrypted. */
async function bodyOf({ contentKey }: AlipayConfig, { node }: Envelope): Promise<unknown> {
  const value = parseJson(node)
  if (typeof value !== 'string' || contentKey === undefined) return value
  const text = await decryptContent(contentKey, value)
  return text === undefined ? undefined : parseJson(text)
}

/** Answered by the gateway itself, so perhaps before it knows which key to sign with (§3, §15). */
const GATEWAY_CODES: ReadonlySet<string> = new Set([
  '20000',
  '20001',
  '40001',
  '40002',
  '40003',
  '40005',
  '40006',
])

const codeText = z.string().regex(/^[0-9A-Za-z_.-]{1,64}$/)
const headSchema = z.object({
  code: codeText.optional(),
  msg: z.string().default(''),
  sub_code: codeText.or(z.literal('')).optional(),
  sub_msg: z.string().optional(),
})
