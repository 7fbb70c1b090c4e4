import {
  MINUTE_MS,
  type Milliseconds,
  ok,
  type Result,
  refuse,
  SECOND_MS,
} from '../../core/plugin/api.ts'
import { decodeBase64 } from './base64.ts'
import type { Bytes } from './der.ts'
import { ALGORITHM, SCHEME } from './sign.ts'

/** How far the time in a signature may be from ours, in either direction. */
const WINDOW_MS = 5 * MINUTE_MS

export interface SignedMessage {
  /** A header by its name in lower case. */
  header(name: string): string | null | undefined
  /** The bytes as received. */
  readonly body: Bytes
  readonly receivedAtMs: Milliseconds
}

/** Finds the public key (SPKI) that WeChat names by `id`. */
export type KeyLookup = (id: string) => Promise<Bytes | undefined>

/**
 * Whether WeChat signed an answer or a callback, and just now. Whatever is missing, unknown or odd
 * is a refusal; so are the signatures that begin with `WECHATPAY/SIGNTEST/`, which WeChat sends to
 * see who verifies.
 *
 * @returns a refusal that says what failed, without contents
 * @see WeChat Pay APIv3 "how to verify a signature" (reference §3)
 */
export async function verify(
  { header, body, receivedAtMs }: SignedMessage,
  keyOf: KeyLookup,
): Promise<Result<undefined, string>> {
  const timestamp = header('wechatpay-timestamp') ?? ''
  const nonce = header('wechatpay-nonce') ?? ''
  const signature = header('wechatpay-signature') ?? ''
  const serial = header('wechatpay-serial') ?? ''
  if (timestamp === '' || nonce === '' || signature === '' || serial === '') {
    return refuse('it is not signed')
  }
  if ((header('wechatpay-signature-type') ?? SCHEME) !== SCHEME) {
    return refuse('its signature is of another type')
  }
  if (!isFresh(timestamp, receivedAtMs))
    return refuse('its time is not within five minutes of ours')

  const signatureBytes = decodeBase64(signature)
  if (signatureBytes === undefined) return refuse('its signature is not base64')
  const spki = await keyOf(serial)
  if (spki === undefined) return refuse('it is signed with a key that we do not know')
  const key = await importPublicKey(spki)
  if (key === undefined) return refuse('the key that it is signed with cannot be used')

  const message = concat(new TextEncoder().encode(`${timestamp}\n${nonce}\n`), body, LF)
  const valid = await crypto.subtle.verify(ALGORITHM.name, key, signatureBytes, message)
  return valid ? ok(undefined) : refuse('its signature is wrong')
}

const LF = Uint8Array.of(0x0a)

function isFresh(timestamp: string, nowMs: Milliseconds): boolean {
  return /^\d{1,12}$/.test(timestamp) && Math.abs(nowMs - Number(timestamp) * SECOND_MS) < WINDOW_MS
}

async function importPublicKey(spki: Bytes): Promise<CryptoKey | undefined> {
  try {
    return await crypto.subtle.importKey('spki', spki, ALGORITHM, false, ['verify'])
  } catch {
    return undefined
  }
}

function concat(...parts: readonly Bytes[]): Bytes {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0))
  let offset = 0
  for (const part of parts) {
    whole.set(part, offset)
    offset += part.length
  }
  return whole
}
