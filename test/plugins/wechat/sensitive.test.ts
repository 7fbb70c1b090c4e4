import { describe, expect, it } from 'vitest'
import { Rsa } from 'wechatpay-axios-plugin'
import { checkConfig } from '../../../plugins/wechat/config.ts'
import { OAEP, openSealer } from '../../../plugins/wechat/sensitive.ts'
import {
  CERTIFICATE_SETTINGS,
  certificateList,
  fromBase64,
  openWorld,
  SETTINGS,
  unsigned,
  vectors,
} from './fake-wechat.ts'

const { ours, platform_certificates: certificates } = vectors
const platformPrivate = Rsa.fromPkcs8(ours.platform_private_key_pkcs8)

async function sealed(text: string, settings: object = SETTINGS) {
  const { ports } = openWorld(settings)
  const sealer = await openSealer(ports, { ...SETTINGS, ...settings } as typeof SETTINGS)
  if (!sealer.ok) throw new Error(sealer.refusal)
  return { keyId: sealer.value.keyId, sealed: await sealer.value.seal(text) }
}

describe('the name of a person', () => {
  it.each(['张三', 'Zoë Ångström', '欧阳😀', 'a'.repeat(214)])(
    'is encrypted so that WeChat can read it: %s',
    async (name) => {
      const { keyId, sealed: result } = await sealed(name)
      expect(keyId).toBe(ours.wechatpay_serial)
      expect(Rsa.decrypt(result.ok ? result.value : '', platformPrivate)).toBe(name)
    },
  )

  it('is another text each time', async () => {
    expect((await sealed('张三')).sealed).not.toEqual((await sealed('张三')).sealed)
  })

  it('is refused when it is longer than a key can hold', async () => {
    expect((await sealed('a'.repeat(215))).sealed).toMatchObject({ ok: false })
  })

  it('goes by the way of the vector, and by that of somebody else', async () => {
    const pkcs8 = fromBase64(ours.platform_private_key_pkcs8)
    const key = await crypto.subtle.importKey('pkcs8', pkcs8, OAEP, false, ['decrypt'])
    const open = async (text: string) =>
      new TextDecoder().decode(await crypto.subtle.decrypt(OAEP, key, fromBase64(text)))
    expect(await open(ours.oaep_uplink.ciphertext_for_platform_key)).toBe('张三')
    const theirs = Rsa.encrypt('李四', Rsa.fromSpki(ours.platform_public_key_spki))
    expect(await open(theirs)).toBe('李四')
  })

  it('is encrypted with the newest platform certificate where there is no public key', async () => {
    const world = openWorld(CERTIFICATE_SETTINGS)
    world.answers(certificateList(['old', 'new']))
    const sealer = await openSealer(world.ports, CERTIFICATE_SETTINGS)
    if (!sealer.ok) throw new Error(sealer.refusal)
    expect(sealer.value.keyId).toBe(certificates.new.serial_no)
    const name = await sealer.value.seal('张三')
    const key = Rsa.fromPkcs8(certificates.new.private_key_pkcs8)
    expect(Rsa.decrypt(name.ok ? name.value : '', key)).toBe('张三')
  })

  it('is not encrypted at all when no certificate is to be had', async () => {
    const world = openWorld(CERTIFICATE_SETTINGS)
    world.answers(unsigned(500, ''))
    expect(await openSealer(world.ports, CERTIFICATE_SETTINGS)).toMatchObject({ ok: false })
  })

  it('is not encrypted with a key that only looks like one', async () => {
    // The frame of a public key (RFC 5280 §4.1) around nothing that is one.
    const frame = [0x30, 18, 0x30, 13, 6, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 13, 1, 1, 1, 5, 0]
    const key = btoa(String.fromCharCode(...frame, 3, 1, 0))
    const settings = { ...SETTINGS, wechatpayPublicKey: { id: 'PUB_KEY_ID_1', key } }
    expect(checkConfig(settings)).toMatchObject({ ok: true })
    const { ports } = openWorld(settings)
    expect(await openSealer(ports, settings)).toMatchObject({ ok: false })
  })
})
