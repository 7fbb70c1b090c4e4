import * as z from 'zod'
import { type Handler, readContent } from '../door/call.ts'
import { accepted, refusal } from '../door/refusals.ts'
import { toBase64 } from '../encoding/base64.ts'
import { readCertificate } from './certificate.ts'
import { CERTIFICATES } from './signer.ts'

const downloadBody = z.strictObject({ alipay_cert_sn: z.string().min(1) })

/**
 * `alipay.open.app.alipaycert.download`: the certificate behind an alipay_cert_sn that a client does
 * not know. Base64 of the file, which is PEM.
 */
export const downloadCertificate: Handler = async (alipay, call) => {
  const body = readContent(alipay, call, downloadBody, 'isv.invalid-parameter')
  if (!body.ok) return body.refusal
  const found = Object.values(CERTIFICATES).find(
    ({ certificate }) => readCertificate(certificate).sn === body.value.alipay_cert_sn,
  )
  if (found === undefined) return refusal('isv.alipay-cert-not-exist')
  const file = new TextEncoder().encode(found.certificate)
  return accepted({ alipay_cert_content: toBase64(file) })
}
