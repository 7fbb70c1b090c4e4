import { fromBase64, toBase64 } from '../encoding/base64.ts'
import type { App } from '../party/apps.ts'
import type { Alipay, Settings } from '../settings.ts'
import { readCertificate } from './certificate.ts'
import {
  type AlipayCertificate,
  FIRST_CERTIFICATE,
  RENEWED_CERTIFICATE,
  REPLACED_CERTIFICATE,
} from './certificates.ts'
import { ALIPAY_KEY } from './keys.ts'
import { type SignType, sign } from './rsa.ts'

export const CERTIFICATES = {
  first: FIRST_CERTIFICATE,
  renewed: RENEWED_CERTIFICATE,
  replaced: REPLACED_CERTIFICATE,
} as const satisfies Record<Settings['certificate'], AlipayCertificate>

/** Alipay's side towards one app: what it signs with, and how the app is to find the key. */
export interface Signer {
  readonly privateKey: string
  /** In certificate mode alone. */
  readonly certificateSn: string | undefined
}

export function signerFor({ settings }: Alipay, { signing }: App): Signer {
  if (signing.mode === 'key') {
    return { privateKey: ALIPAY_KEY.privateKey, certificateSn: undefined }
  }
  const { privateKey, certificate } = CERTIFICATES[settings.certificate]
  return { privateKey, certificateSn: readCertificate(certificate).sn }
}

export type Spoiling = 'sound' | 'spoilt'

/** @param spoiling `spoilt` flips one bit of the signature */
export async function signature(
  { privateKey }: Signer,
  message: Uint8Array<ArrayBuffer>,
  signType: SignType,
  spoiling: Spoiling,
): Promise<string> {
  const good = await sign(privateKey, message, signType)
  if (spoiling === 'sound') return good
  const bytes = fromBase64(good) ?? new Uint8Array(256)
  bytes[0] = (bytes[0] ?? 0) ^ 1
  return toBase64(bytes)
}
