import { type ChannelPorts, ok, type Result, refuse } from '../../core/plugin/api.ts'
import { encodeBase64 } from './base64.ts'
import type { WechatConfig } from './config.ts'
import { type PlatformKey, preferredKey } from './keys.ts'

/** MGF1 with SHA-1 as well; the only one that WeChat takes. */
export const OAEP = { name: 'RSA-OAEP', hash: 'SHA-1' } as const

/** Encrypts names of people for WeChat alone, by one key; its id has to go with the call. */
export interface Sealer {
  readonly keyId: string
  /** Another text each time: WeChat compares what is inside when a number is repeated. */
  seal(text: string): Promise<Result<string, string>>
}

/** @see WeChat Pay APIv3 "encrypting sensitive fields" (reference §5) */
export async function openSealer(
  ports: ChannelPorts,
  config: WechatConfig,
): Promise<Result<Sealer, string>> {
  const platformKey = await preferredKey(ports, config)
  if (platformKey === undefined) return refuse('no platform certificate to be had')
  const key = await importKey(platformKey)
  if (key === undefined) return refuse('the key to encrypt names with cannot be used')
  return ok({
    keyId: platformKey.id,
    async seal(text) {
      try {
        const bytes = new TextEncoder().encode(text)
        return ok(encodeBase64(new Uint8Array(await crypto.subtle.encrypt(OAEP, key, bytes))))
      } catch {
        // 214 bytes under a key of 2048 bits.
        return refuse('a name is too long to be encrypted')
      }
    },
  })
}

async function importKey({ spki }: PlatformKey): Promise<CryptoKey | undefined> {
  try {
    return await crypto.subtle.importKey('spki', spki, OAEP, false, ['encrypt'])
  } catch {
    return undefined
  }
}
