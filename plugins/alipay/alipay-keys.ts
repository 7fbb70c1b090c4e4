import { type ChannelPorts, DAY_MS } from '../../core/plugin/api.ts'
import { fetchCertificate } from './alipay-certificate.ts'
import { type Bytes, decodeBase64, encodeBase64 } from './bytes.ts'
import { type Certificate, readCertificate, readCertificates } from './certificate.ts'
import { serialOf } from './certificate-serial.ts'
import type { AlipayConfig } from './config.ts'
import { spkiOf } from './key-material.ts'

/**
 * The key that Alipay signs with: the public key of the settings, or that of the certificate that
 * the answer names. One that the settings do not have is fetched, checked and remembered, for Alipay
 * renews its certificate while the settings stay (reference §4).
 *
 * @param serial as the answer names it; without one, the certificate of the settings is meant
 */
export async function alipayKey(
  ports: ChannelPorts,
  config: AlipayConfig,
  serial?: string,
): Promise<Bytes | undefined> {
  if (config.mode === 'key') return spkiOf(config.alipayPublicKey ?? '')
  const [own] = readCertificates(config.alipayCert ?? '')
  if (own === undefined || serial === undefined || serial === serialOf(own)) return own?.spki
  if (!/^[0-9a-f]{32}$/.test(serial)) return undefined

  const known = await remembered(ports, serial)
  if (known !== undefined) return known.spki
  const fetched = await fetchCertificate(ports, config, serial)
  if (fetched !== undefined) await remember(ports, serial, fetched)
  return fetched?.spki
}

/**
 * All keys that a callback may be signed with, since it does not name its certificate. One that we
 * have not met yet is met by the next answer, after which the callback verifies when it is repeated.
 */
export async function alipayKeys(
  ports: ChannelPorts,
  config: AlipayConfig,
): Promise<readonly Bytes[]> {
  const own = await alipayKey(ports, config)
  if (own === undefined) return []
  const latest = config.mode === 'key' ? undefined : await ports.cache.get(LATEST)
  const renewed = latest === undefined ? undefined : await remembered(ports, latest)
  return renewed === undefined ? [own] : [own, renewed.spki]
}

/** The serial of the certificate that was fetched last. */
const LATEST = 'alipay-certificate-latest'
const KEPT_MS = DAY_MS

async function remember(
  { cache }: ChannelPorts,
  serial: string,
  { der }: Certificate,
): Promise<void> {
  await cache.put(`alipay-certificate-${serial}`, encodeBase64(der), KEPT_MS)
  await cache.put(LATEST, serial, KEPT_MS)
}

async function remembered(
  { cache }: ChannelPorts,
  serial: string,
): Promise<Certificate | undefined> {
  const der = decodeBase64((await cache.get(`alipay-certificate-${serial}`)) ?? '')
  return der === undefined ? undefined : readCertificate(der)
}
