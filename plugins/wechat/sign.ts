import { type ChannelPorts, ok, type Result, refuse, SECOND_MS } from '../../core/plugin/api.ts'
import { encodeBase64 } from './base64.ts'
import type { WechatConfig } from './config.ts'
import { pkcs8Of } from './key-material.ts'

export const ALGORITHM = { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' } as const
export const SCHEME = 'WECHATPAY2-SHA256-RSA2048'

export interface SignedParts {
  readonly method: string
  /** Path and query exactly as they stand in the URL, percent-encoded once. */
  readonly path: string
  /** The very text that is sent; empty when there is none. */
  readonly body: string
}

/**
 * The `Authorization` header of a request.
 *
 * @returns a refusal when the merchant's private key cannot be used: nothing was sent then
 * @see WeChat Pay APIv3 "how to build the signature of a request" (reference §2)
 */
export async function authorize(
  { clock, random }: Pick<ChannelPorts, 'clock' | 'random'>,
  config: WechatConfig,
  { method, path, body }: SignedParts,
): Promise<Result<string, string>> {
  const timestamp = unixSeconds(clock.now())
  const nonce = newNonce(random)
  const signature = await signLines(config, [method, path, timestamp, nonce, body])
  if (!signature.ok) return signature

  const parameters = {
    mchid: config.mchid,
    nonce_str: nonce,
    signature: signature.value,
    timestamp,
    serial_no: config.merchantSerial.toUpperCase(),
  }
  const listed = Object.entries(parameters).map(([name, value]) => `${name}="${value}"`)
  return ok(`${SCHEME} ${listed.join(',')}`)
}

/** Signs lines as the merchant. Each line is ended by one LF, the last one too. */
export async function signLines(
  config: WechatConfig,
  lines: readonly string[],
): Promise<Result<string, string>> {
  const key = await privateKeyOf(config)
  if (key === undefined) return refuse('the merchant private key of the settings cannot be used')
  const message = new TextEncoder().encode(lines.map((line) => `${line}\n`).join(''))
  const signature = await crypto.subtle.sign(ALGORITHM.name, key, message)
  return ok(encodeBase64(new Uint8Array(signature)))
}

export function unixSeconds(ms: number): string {
  return String(Math.floor(ms / SECOND_MS))
}

/** 32 characters, which is the most that WeChat takes. */
export function newNonce(random: ChannelPorts['random']): string {
  const hex = Array.from(random.bytes(16), (byte) => byte.toString(16).padStart(2, '0'))
  return hex.join('').toUpperCase()
}

/** An import takes as long as a signature, and settings that are bound stay the same object. */
const imported = new WeakMap<WechatConfig, CryptoKey>()

async function privateKeyOf(config: WechatConfig): Promise<CryptoKey | undefined> {
  const key = imported.get(config) ?? (await importPrivateKey(config))
  if (key !== undefined) imported.set(config, key)
  return key
}

async function importPrivateKey(config: WechatConfig): Promise<CryptoKey | undefined> {
  const pkcs8 = pkcs8Of(config.merchantPrivateKey)
  if (pkcs8 === undefined) return undefined
  try {
    return await crypto.subtle.importKey('pkcs8', pkcs8, ALGORITHM, false, ['sign'])
  } catch {
    // Well-formed DER, but no usable key: numbers that do not belong together, or too short ones.
    return undefined
  }
}
