import * as z from 'zod'
import { type ChannelPorts, SECOND_MS } from '../../core/plugin/api.ts'
import { decodeBase64, utf8Of } from './bytes.ts'
import { type Certificate, readCertificates } from './certificate.ts'
import { isTrusted } from './certificate-chain.ts'
import { rsaRoots, serialOf } from './certificate-serial.ts'
import type { AlipayConfig } from './config.ts'
import { commonNameOf } from './distinguished-name.ts'
import { askGateway, type Envelope } from './gateway.ts'
import { parseJson } from './json.ts'
import { rsaVerifyText } from './rsa.ts'

/** Short: it stands between an answer and the reading of it. */
const TIMEOUT_MS = 5 * SECOND_MS

/**
 * Fetches a certificate that Alipay signs with, by its serial.
 *
 * @returns nothing when Alipay does not give it out, or when there is an objection to it
 * @see alipay.open.app.alipaycert.download (reference §4)
 */
export async function fetchCertificate(
  ports: ChannelPorts,
  config: AlipayConfig,
  serial: string,
): Promise<Certificate | undefined> {
  const answer = await askGateway(ports, config, {
    method: 'alipay.open.app.alipaycert.download',
    content: { alipay_cert_sn: serial },
    as: 'application',
    timeoutMs: TIMEOUT_MS,
  })
  if (answer.kind !== 'envelope') return undefined
  const downloaded = answerSchema.safeParse(parseJson(answer.node))
  if (!downloaded.success) return undefined

  const [certificate, ...others] = certificatesIn(downloaded.data.alipay_cert_content)
  if (certificate === undefined || serialOf(certificate) !== serial) return undefined
  const because = await objectionTo(certificate, { others, answer, config, ports })
  if (because === undefined) return certificate
  ports.log.write('error', 'a certificate of Alipay is not believed', { serial, because })
  return undefined
}

interface Circumstances {
  readonly others: readonly Certificate[]
  readonly answer: Envelope
  readonly config: AlipayConfig
  readonly ports: ChannelPorts
}

async function objectionTo(
  certificate: Certificate,
  { others, answer, config, ports }: Circumstances,
): Promise<string | undefined> {
  const [own, ...issuers] = readCertificates(config.alipayCert ?? '')
  // Any merchant has a certificate of this authority. Alipay's, made for a merchant, ends in the
  // merchant's PID, and so does every later one.
  const pid = own === undefined ? undefined : pidIn(own)
  if (pid !== undefined && pidIn(certificate) !== pid) return 'it was issued for another merchant'

  // The issuers that came with the certificate of the settings are trusted like the roots: those of
  // Alipay's sandbox lead to no root that it gives out.
  const anchors = [...rsaRoots(config.alipayRootCert ?? ''), ...issuers]
  const nowMs = ports.clock.now()
  if (!(await isTrusted(certificate, { anchors, others, nowMs }))) {
    return 'it does not lead to a root of the settings, or is not valid now'
  }
  // Whoever has its key signed the very answer that brought it.
  const signed = await rsaVerifyText(certificate.spki, answer.node, answer.signature ?? '')
  return signed ? undefined : 'the answer that brought it is not signed with it'
}

function pidIn({ subject }: Certificate): string | undefined {
  return /-(2088\d{12})$/.exec(commonNameOf(subject) ?? '')?.[1]
}

/** Base64 of a file of certificates; of the DER of one alone, too. */
function certificatesIn(content: string): readonly Certificate[] {
  const bytes = decodeBase64(content.replace(/\s+/g, ''))
  const file = bytes === undefined ? undefined : utf8Of(bytes)
  return readCertificates(file?.includes('-----BEGIN ') ? file : content)
}

const answerSchema = z.object({
  code: z.literal('10000'),
  alipay_cert_content: z.string().min(1),
})
