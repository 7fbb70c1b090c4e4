import { seal } from './aead.ts'
import { beijingTime } from './beijing-time.ts'
import type { Handler } from './calls.ts'
import { certificatesFor } from './platform-keys.ts'
import { accepted, refusal } from './refusals.ts'

/**
 * `GET /v3/certificates`: the platform certificates that are valid, each encrypted with the
 * merchant's APIv3 key. A merchant in public-key mode has none, and gets an error for it.
 */
export const certificates: Handler = async (wechat, { merchant }) => {
  const valid = certificatesFor(wechat, merchant)
  if (valid.length === 0) return refusal('no_certificates')

  const data = []
  for (const { serial, effectiveAtMs, expiresAtMs, certificate } of valid) {
    data.push({
      serial_no: serial,
      effective_time: beijingTime(effectiveAtMs),
      expire_time: beijingTime(expiresAtMs),
      encrypt_certificate: {
        ...(await seal(wechat.random, merchant.apiV3Key, 'certificate', certificate)),
      },
    })
  }
  return accepted({ data })
}
