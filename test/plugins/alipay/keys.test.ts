import { describe, expect, it } from 'vitest'
import { readCertificates } from '../../../plugins/alipay/certificate.ts'
import { serialOf } from '../../../plugins/alipay/certificate-serial.ts'
import {
  APP_SERIAL,
  ASKED,
  CERTIFICATE_SETTINGS,
  content,
  gatewayError,
  lost,
  notice,
  ok,
  openWorld,
  PAID,
  PROVIDER_SETTINGS,
  sent,
  TOLD_PAID,
  vectors,
} from './fake-alipay.ts'

const { certificates, ours } = vectors
const RENEWED_KEY = certificates.renewed_private_key_pkcs8
const serial = (file: string) => {
  const [certificate] = readCertificates(file)
  return certificate === undefined ? '' : serialOf(certificate)
}
const RENEWED = serial(certificates.renewed)
const DAY_MS = 86_400_000

/** What Alipay answers whoever asks for a certificate: a file, in base64. */
const file = (...parts: string[]) => ({ alipay_cert_content: btoa(parts.join('')) })
const renewedBy = (by: string, named = RENEWED) => ({ by, serial: named })

/** A world in which Alipay signs with a certificate that the settings do not have. */
function renewal(settings: object = CERTIFICATE_SETTINGS) {
  const world = openWorld(settings)
  return { ...world, methods: () => world.requests.map((request) => sent(request).method) }
}

describe('the certificate that Alipay signs with', () => {
  it('is that of the settings when the answer names it, or names none', async () => {
    const world = renewal()
    world.answers(ok(PAID, { serial: serial(certificates.alipay) }))
    expect(await world.channel.query(world.ports, ASKED)).toMatchObject({ kind: 'succeeded' })
    world.answers(ok(PAID))
    expect(await world.channel.query(world.ports, ASKED)).toMatchObject({ kind: 'succeeded' })
    expect(world.requests).toHaveLength(2)
  })

  it('is fetched when it was renewed, by the application itself, and then remembered', async () => {
    const world = renewal({ ...CERTIFICATE_SETTINGS, appAuthToken: PROVIDER_SETTINGS.appAuthToken })
    world.answers(ok(PAID, renewedBy(RENEWED_KEY)))
    world.answers(ok(file(certificates.renewed, certificates.class_2), renewedBy(RENEWED_KEY)))
    expect(await world.channel.query(world.ports, ASKED)).toMatchObject({ kind: 'succeeded' })
    expect(world.methods()).toEqual(['alipay.trade.query', 'alipay.open.app.alipaycert.download'])
    expect(content(world.requests[1])).toEqual({ alipay_cert_sn: RENEWED })
    expect(sent(world.requests[1])).not.toHaveProperty('app_auth_token')
    // It stands between an answer and the reading of it.
    expect(world.requests[1]?.timeoutMs).toBe(5_000)

    world.answers(ok(PAID, renewedBy(RENEWED_KEY)))
    expect(await world.channel.query(world.ports, ASKED)).toMatchObject({ kind: 'succeeded' })
    expect(world.requests).toHaveLength(3)
  })

  it('is fetched anew after a day', async () => {
    const world = renewal()
    const fetched = ok(file(certificates.renewed), renewedBy(RENEWED_KEY))
    for (let day = 0; day < 2; day++) {
      world.answers(ok(PAID, renewedBy(RENEWED_KEY)))
      world.answers(fetched)
      expect(await world.channel.query(world.ports, ASKED)).toMatchObject({ kind: 'succeeded' })
      world.later(DAY_MS)
    }
    expect(world.requests).toHaveLength(4)
  })

  it('may come alone, in base64 of its DER', async () => {
    const world = renewal()
    const der = certificates.renewed.replace(/-----[^-]+-----|\s/g, '')
    world.answers(ok(PAID, renewedBy(RENEWED_KEY)))
    world.answers(ok({ alipay_cert_content: der }, renewedBy(RENEWED_KEY)))
    expect(await world.channel.query(world.ports, ASKED)).toMatchObject({ kind: 'succeeded' })
  })

  it.each([
    ['another merchant', file(certificates.of_another_merchant, certificates.class_2)],
    ['a time that is over', file(certificates.expired, certificates.class_2)],
    ['a merchant', file(certificates.by_a_merchant, certificates.merchant, certificates.class_2)],
    ['an impostor', file(certificates.by_an_impostor, certificates.impostor)],
    ['nobody', { alipay_cert_content: 'nonsense' }],
    ['another serial', file(certificates.alipay)],
  ])('is not believed when it is of %s', async (_whose, answer) => {
    const [own] = readCertificates(
      'alipay_cert_content' in answer ? decoded(answer.alipay_cert_content) : '',
    )
    const named = own === undefined ? RENEWED : serialOf(own)
    // Somebody asked for the serial of the settings: that one is known, so another is named.
    const asked = named === serial(certificates.alipay) ? RENEWED : named
    const world = renewal()
    world.answers(ok(PAID, renewedBy(RENEWED_KEY, asked)))
    world.answers(ok(answer, renewedBy(RENEWED_KEY, asked)))
    expect(await world.channel.query(world.ports, ASKED)).toMatchObject({ kind: 'unknown' })
    expect(world.requests).toHaveLength(2)
  })

  it.each([
    ['is not given out', gatewayError('40004', 'CERT_NOT_EXIST')],
    ['does not come', lost],
    ['comes in an answer that its key did not sign', ok(file(certificates.renewed), {})],
    ['comes in an answer that nobody signed', ok(file(certificates.renewed), { sign: '' })],
  ])('is not believed when it %s', async (_what, answers) => {
    const world = renewal()
    world.answers(ok(PAID, renewedBy(RENEWED_KEY)))
    world.answers(answers)
    expect(await world.channel.query(world.ports, ASKED)).toMatchObject({ kind: 'unknown' })
    // And it is not asked for twice in one answer.
    expect(world.requests).toHaveLength(2)
  })

  it.each(['', '../../etc', 'x'.repeat(32), `${'0'.repeat(32)}&a=b`])(
    'is not asked for by what is no serial (%j)',
    async (odd) => {
      const world = renewal()
      world.answers(ok(PAID, { by: RENEWED_KEY, serial: odd }))
      expect(await world.channel.query(world.ports, ASKED)).toMatchObject({ kind: 'unknown' })
      expect(world.requests).toHaveLength(1)
    },
  )

  it('does not verify what another key signed in its name', async () => {
    const world = renewal()
    world.answers(ok(PAID, { by: RENEWED_KEY, serial: serial(certificates.alipay) }))
    expect(await world.channel.query(world.ports, ASKED)).toMatchObject({ kind: 'unknown' })
    expect(world.requests).toHaveLength(1)
  })
})

describe('the serials of our own certificates', () => {
  const serialsOf = async (world: ReturnType<typeof openWorld>) => {
    world.answers(lost)
    await world.channel.query(world.ports, ASKED)
    const { app_cert_sn, alipay_root_cert_sn } = sent(world.requests.at(-1))
    return { app_cert_sn, alipay_root_cert_sn }
  }

  it('are the same when they are remembered, and others once the certificates are', async () => {
    const world = openWorld(CERTIFICATE_SETTINGS)
    const first = await serialsOf(world)
    expect(first.app_cert_sn).toBe(APP_SERIAL)
    expect(await serialsOf(world)).toEqual(first)
    // The settings change while what is remembered stays.
    const roots = vectors.published.certificates.roots.file
    const changed = openWorld({ ...CERTIFICATE_SETTINGS, alipayRootCert: roots })
    const others = await serialsOf({
      ...changed,
      ports: { ...changed.ports, cache: world.ports.cache },
    })
    expect(others).toEqual({
      app_cert_sn: APP_SERIAL,
      alipay_root_cert_sn: vectors.published.certificates.roots.sn,
    })
    expect(others).not.toEqual(first)
  })
})

describe('a callback after a renewal', () => {
  const told = () => notice(TOLD_PAID, { by: RENEWED_KEY })

  it('is refused until an answer has brought the certificate, and then verifies', async () => {
    const world = renewal()
    expect(await world.channel.readCallback(world.ports, await told())).toMatchObject({
      refusal: { code: 'unverifiable' },
    })
    expect(world.requests).toEqual([])
    world.answers(ok(PAID, renewedBy(RENEWED_KEY)))
    world.answers(ok(file(certificates.renewed), renewedBy(RENEWED_KEY)))
    await world.channel.query(world.ports, ASKED)
    expect(await world.channel.readCallback(world.ports, await told())).toMatchObject({ ok: true })
  })

  it('signed with the certificate of the settings verifies still', async () => {
    const world = renewal()
    world.answers(ok(PAID, renewedBy(RENEWED_KEY)))
    world.answers(ok(file(certificates.renewed), renewedBy(RENEWED_KEY)))
    await world.channel.query(world.ports, ASKED)
    const old = await notice(TOLD_PAID, { by: ours.alipay_private_key_pkcs8 })
    expect(await world.channel.readCallback(world.ports, old)).toMatchObject({ ok: true })
  })
})

it('has no serials in key mode, and there believes its one key whatever an answer names', async () => {
  const world = openWorld()
  world.answers(ok(PAID, { serial: RENEWED }))
  expect(await world.channel.query(world.ports, ASKED)).toMatchObject({ kind: 'succeeded' })
  expect(sent(world.requests[0])).not.toHaveProperty('app_cert_sn')
  world.answers(ok(PAID, renewedBy(RENEWED_KEY)))
  expect(await world.channel.query(world.ports, ASKED)).toMatchObject({ kind: 'unknown' })
})

function decoded(base64: string): string {
  try {
    return atob(base64)
  } catch {
    return ''
  }
}
