import * as z from 'zod'
import {
  type BillOutcome,
  type ChannelPorts,
  type NotSent,
  SECOND_MS,
  type Unknown,
} from '../../core/plugin/api.ts'
import type { WechatConfig } from './config.ts'
import type { Bytes } from './der.ts'
import { isWechatPay, sendToEither } from './hosts.ts'
import { signedRequest } from './request.ts'

export interface BillFile {
  readonly url: string
  /** SHA-1 of the file as it is decrypted and unpacked, hex. */
  readonly sha1: string
  /** Decrypts it, where it is encrypted. Nothing when it was not encrypted so. */
  readonly decrypt?: (bytes: Bytes) => Promise<Bytes | undefined>
}

/** Where the file of a bill lies, as a signed answer says it. */
export const billPlaceSchema = z.object({
  hash_type: z.literal('SHA1'),
  hash_value: z.string().regex(/^[0-9A-Fa-f]{40}$/),
  download_url: z.url().max(2048),
})

/** The text of a bill, or how else the question for it ended. */
export type FetchedBill =
  | { readonly kind: 'text'; readonly text: string }
  | Exclude<BillOutcome, { readonly kind: 'ready' }>

/** What a Worker's 128 MB hold, with the text and the rows beside it. */
const MAX_PACKED_BYTES = 8 * 1024 * 1024
const MAX_BYTES = 32 * 1024 * 1024
const TIMEOUT_MS = 60 * SECOND_MS

/**
 * Fetches a bill. WeChat does not sign it: that it is whole and WeChat's says the hash, which came in
 * a signed answer.
 *
 * @see WeChat Pay APIv3 "download a bill" (reference §14)
 */
export async function fetchBill(
  ports: ChannelPorts,
  config: WechatConfig,
  { url, sha1, decrypt }: BillFile,
): Promise<{ readonly kind: 'text'; readonly text: string } | NotSent | Unknown> {
  const address = URL.parse(url)
  // The call carries a signature of the merchant, which nobody else may get.
  if (address === null || !isWechatPay(address)) {
    return { kind: 'unknown', evidence: 'the bill lies where WeChat Pay does not' }
  }
  const request = await signedRequest(
    ports,
    config,
    {
      method: 'GET',
      path: `${address.pathname}${address.search}`,
      timeoutMs: TIMEOUT_MS,
      maxAnswerBytes: MAX_PACKED_BYTES,
    },
    undefined,
  )
  if (!request.ok) return { kind: 'not_sent', reason: request.refusal }
  const answer = await sendToEither(ports, request.value)
  if (answer.kind !== 'answered') return answer
  if (answer.status !== 200) return { kind: 'unknown', evidence: `the bill: ${answer.status}` }

  const packed = decrypt === undefined ? answer.body : await decrypt(answer.body)
  if (packed === undefined) return { kind: 'unknown', evidence: 'the bill cannot be decrypted' }
  const file = await unpacked(packed)
  if (file === undefined) return { kind: 'unknown', evidence: 'the bill cannot be unpacked' }
  if ((await sha1Of(file)) !== sha1.toLowerCase()) {
    return { kind: 'unknown', evidence: 'the bill is not the one that WeChat Pay signed for' }
  }
  return { kind: 'text', text: new TextDecoder().decode(file) }
}

/** As it is when somebody on the way has unpacked it already. */
async function unpacked(bytes: Bytes): Promise<Bytes | undefined> {
  if (bytes[0] !== 0x1f || bytes[1] !== 0x8b) return bytes
  const parts: Bytes[] = []
  let length = 0
  try {
    const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream('gzip'))
    for await (const part of readAll(stream)) {
      length += part.length
      if (length > MAX_BYTES) return undefined
      parts.push(part)
    }
  } catch {
    return undefined
  }
  const whole = new Uint8Array(length)
  let offset = 0
  for (const part of parts) {
    whole.set(part, offset)
    offset += part.length
  }
  return whole
}

/** A stream can be iterated by itself, but not on every runtime. */
async function* readAll(stream: ReadableStream<Bytes>): AsyncGenerator<Bytes> {
  const reader = stream.getReader()
  try {
    for (let next = await reader.read(); !next.done; next = await reader.read()) yield next.value
  } finally {
    await reader.cancel()
  }
}

async function sha1Of(bytes: Bytes): Promise<string> {
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-1', bytes))
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, '0')).join('')
}
