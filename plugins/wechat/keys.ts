import type { ChannelPorts } from '../../core/plugin/api.ts'
import { isSameSerial } from './certificate.ts'
import { publicKeyOf, type WechatConfig } from './config.ts'
import type { Bytes } from './der.ts'
import { spkiOf } from './key-material.ts'
import { currentCertificates, refreshedCertificates } from './platform-certificates.ts'

/**
 * The key that WeChat names by `id`: the public key of the settings, or a platform certificate. One
 * that is not among the certificates we have makes us fetch them once more, for WeChat may have
 * begun to sign with a new one; then it is unknown.
 */
export async function findKey(
  ports: ChannelPorts,
  config: WechatConfig,
  id: string,
): Promise<Bytes | undefined> {
  const publicKey = publicKeyOf(config)
  if (publicKey?.id === id) return spkiOf(publicKey.key)
  // A merchant that has the public key only may not even ask for certificates (reference §4).
  if (config.verification === 'public_key' || !SERIAL.test(id)) return undefined

  const named = ({ serial }: { readonly serial: string }) => isSameSerial(serial, id)
  const known = (await currentCertificates(ports, config)).find(named)
  return (known ?? (await refreshedCertificates(ports, config)).find(named))?.spki
}

export interface PlatformKey {
  /** By what WeChat knows it: an id, or the serial of a certificate. */
  readonly id: string
  readonly spki: Bytes
}

/**
 * The key that we ask WeChat to sign its answer with, and that we encrypt with.
 *
 * @returns nothing when there is no key at all that an answer could be verified with
 */
export async function preferredKey(
  ports: ChannelPorts,
  config: WechatConfig,
): Promise<PlatformKey | undefined> {
  const publicKey = publicKeyOf(config)
  if (publicKey !== undefined) {
    const spki = spkiOf(publicKey.key)
    return spki && { id: publicKey.id, spki }
  }
  const certificates = await currentCertificates(ports, config)
  // During a rotation there are two; the newer one will still be there tomorrow.
  const newest = certificates.toSorted((a, b) => b.notBeforeMs - a.notBeforeMs)[0]
  return newest && { id: newest.serial, spki: newest.spki }
}

const SERIAL = /^[0-9A-Fa-f]{1,64}$/
