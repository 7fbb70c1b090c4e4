import * as z from 'zod'
import {
  type ChannelPorts,
  type HttpAnswer,
  type NotSent,
  SECOND_MS,
  type Unknown,
} from '../../core/plugin/api.ts'
import type { WechatConfig } from './config.ts'
import { canonical, type ErrorAnswer, isCertain, ruleOf } from './errors.ts'
import { sendToEither } from './hosts.ts'
import { parseJson } from './json.ts'
import { findKey, preferredKey } from './keys.ts'
import { type Call, signedRequest } from './request.ts'
import { verify } from './verify.ts'

/** A 2xx answer that WeChat signed: the only kind that may say that money moved. */
export interface VerifiedAnswer {
  readonly kind: 'verified'
  readonly status: number
  /** Parsed JSON, not yet checked for its shape; nothing when the body is empty. */
  readonly body: unknown
}

export type Answer = VerifiedAnswer | ErrorAnswer | NotSent | Unknown

/**
 * Reference §1: five to ten seconds; WeChat promises nothing. An operation makes up to four calls (a
 * second host, a question after a doubtful refusal) and has to be over within half a minute.
 */
export const CALL_TIMEOUT_MS = 7 * SECOND_MS

/** Signs a call, sends it, and believes a 2xx answer only when WeChat signed it. */
export async function callWechat(
  ports: ChannelPorts,
  config: WechatConfig,
  call: Call,
): Promise<Answer> {
  // Before a call is sent there is a key to verify its answer with: money that moves on an answer
  // which nobody can verify would be `unknown` for no good reason.
  const keyId = call.keyId ?? (await preferredKey(ports, config))?.id
  if (keyId === undefined) return { kind: 'not_sent', reason: 'no platform certificate to be had' }
  const request = await signedRequest(ports, config, call, keyId)
  if (!request.ok) return { kind: 'not_sent', reason: request.refusal }

  const answer = await (call.once
    ? ports.http.send(request.value)
    : sendToEither(ports, request.value))
  if (answer.kind !== 'answered') return answer
  if (answer.status < 200 || answer.status > 299) return readError(ports, call, answer)
  return readVerified(ports, config, call, answer)
}

type Answered = Extract<HttpAnswer, { kind: 'answered' }>

async function readVerified(
  ports: ChannelPorts,
  config: WechatConfig,
  call: Call,
  answer: Answered,
): Promise<VerifiedAnswer | Unknown> {
  const message = {
    header: (name: string) => answer.headers.get(name),
    body: answer.body,
    receivedAtMs: ports.clock.now(),
  }
  const verified = await verify(message, (id) => findKey(ports, config, id))
  const requestId = requestIdOf(answer)
  if (!verified.ok) {
    const because = verified.refusal
    ports.log.write('error', 'an answer of WeChat Pay does not verify', {
      path: call.path,
      channelRequestId: requestId,
      because,
    })
    const evidence = `answered ${answer.status}, but ${because} (${requestId})`
    return { kind: 'unknown', evidence, unverified: true }
  }
  if (answer.body.length === 0) return { kind: 'verified', status: answer.status, body: undefined }
  const body = parseJson(answer.body)
  if (body === undefined) {
    return { kind: 'unknown', evidence: `answered ${answer.status} without JSON (${requestId})` }
  }
  return { kind: 'verified', status: answer.status, body }
}

const errorSchema = z.object({
  code: z.string().regex(/^[0-9A-Za-z_.-]{1,64}$/),
  message: z.string().default(''),
})

function readError(ports: ChannelPorts, call: Call, answer: Answered): ErrorAnswer | Unknown {
  const requestId = requestIdOf(answer)
  const error = errorSchema.safeParse(parseJson(answer.body))
  const code = error.success ? error.data.code : undefined
  ports.log.write('warn', 'WeChat Pay answered an error', {
    path: call.path,
    status: answer.status,
    code,
    class: code === undefined ? undefined : ruleOf(code).class,
    channelRequestId: requestId,
  })
  if (!error.success) {
    return { kind: 'unknown', evidence: `answered ${answer.status} without a code (${requestId})` }
  }
  const { code: said, message } = error.data
  return {
    kind: 'error',
    status: answer.status,
    code: said,
    message: message.slice(0, 256),
    requestId,
    isCertain: isCertain(answer.status, canonical(said)),
  }
}

function requestIdOf({ headers }: Answered): string {
  return (headers.get('request-id') ?? 'no request id').slice(0, 64)
}
