import { constants, privateDecrypt, publicEncrypt } from 'node:crypto'
import { DEMO_MERCHANT, PLATFORM_PUBLIC_KEY } from '../../../../plugins/wechat/sandbox/keys.ts'

const OAEP = { padding: constants.RSA_PKCS1_OAEP_PADDING, oaepHash: 'sha1' } as const

/** Encrypted for WeChat, as names are sent. Each time another text. */
export function secret(text: string, key: string = PLATFORM_PUBLIC_KEY.publicKey): string {
  return publicEncrypt({ key, ...OAEP }, Buffer.from(text)).toString('base64')
}

/** Names the key that it was encrypted for. */
export const NAMED = { headers: { 'wechatpay-serial': PLATFORM_PUBLIC_KEY.serial } } as const

export function opened(ciphertext: unknown): string {
  const bytes = Buffer.from(String(ciphertext), 'base64')
  return privateDecrypt({ key: DEMO_MERCHANT.privateKey, ...OAEP }, bytes).toString()
}
