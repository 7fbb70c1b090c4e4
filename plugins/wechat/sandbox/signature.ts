import { MINUTE_MS, type Milliseconds, SECOND_MS } from '../../../core/plugin/api.ts'
import { fromBase64, toBase64 } from './base64.ts'
import type { PlatformKey } from './keys.ts'
import { alphanumeric } from './numbers.ts'
import { sign } from './rsa.ts'
import type { Settings, Wechat } from './settings.ts'

/** What proves to a merchant that WeChat wrote a body: the same on answers and callbacks. */
export type SignatureHeaders = Record<
  | 'Wechatpay-Timestamp'
  | 'Wechatpay-Nonce'
  | 'Wechatpay-Serial'
  | 'Wechatpay-Signature'
  | 'Wechatpay-Signature-Type',
  string
>

/** Every signature has a time and a nonce of its own, also when the same is told again. */
export function signatureHeaders(
  wechat: Wechat,
  key: PlatformKey,
  body: string,
): Promise<SignatureHeaders> {
  return signedAt(wechat, key, body, wechat.clock.now())
}

/** Headers that do not verify, in the way that the settings say. */
export async function badSignatureHeaders(
  wechat: Wechat,
  key: PlatformKey,
  body: string,
): Promise<SignatureHeaders> {
  const spoiling = SPOILING[wechat.settings.badSignature]
  const atMs = wechat.clock.now() - spoiling.ageMs
  return spoiling.spoil(await signedAt(wechat, key, body, atMs))
}

interface Spoiling {
  readonly ageMs: number
  readonly spoil: (good: SignatureHeaders) => SignatureHeaders
}

const SPOILING: Record<Settings['badSignature'], Spoiling> = {
  forged: { ageMs: 0, spoil: (good) => withSignature(good, flipped(good['Wechatpay-Signature'])) },
  probe: {
    ageMs: 0,
    spoil: (good) => withSignature(good, `WECHATPAY/SIGNTEST/${good['Wechatpay-Signature']}`),
  },
  unknown_serial: {
    ageMs: 0,
    spoil: (good) => ({ ...good, 'Wechatpay-Serial': 'PUB_KEY_ID_0000000000000000000000000000' }),
  },
  // Five minutes is what clients must accept.
  stale: { ageMs: 10 * MINUTE_MS, spoil: (good) => good },
}

async function signedAt(
  { random }: Wechat,
  { serial, privateKey }: PlatformKey,
  body: string,
  atMs: Milliseconds,
): Promise<SignatureHeaders> {
  const timestamp = String(Math.floor(atMs / SECOND_MS))
  const nonce = alphanumeric(random, 32)
  return {
    'Wechatpay-Timestamp': timestamp,
    'Wechatpay-Nonce': nonce,
    'Wechatpay-Serial': serial,
    'Wechatpay-Signature': await sign(privateKey, `${timestamp}\n${nonce}\n${body}\n`),
    'Wechatpay-Signature-Type': 'WECHATPAY2-SHA256-RSA2048',
  }
}

function withSignature(headers: SignatureHeaders, signature: string): SignatureHeaders {
  return { ...headers, 'Wechatpay-Signature': signature }
}

function flipped(signature: string): string {
  const bytes = fromBase64(signature) ?? new Uint8Array(256)
  bytes[0] = (bytes[0] ?? 0) ^ 1
  return toBase64(bytes)
}
