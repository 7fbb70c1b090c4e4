import { describe, expect, it } from 'vitest'
import {
  ASKED,
  BOTH_SETTINGS,
  CERTIFICATE_SETTINGS,
  certificateList,
  NEW_CERTIFICATE,
  OLD_CERTIFICATE,
  openWorld,
  PAID,
  PUBLIC_KEY,
  SETTINGS,
  type SignedOptions,
  seal,
  signed,
  unsigned,
  vectors,
  type World,
} from './fake-wechat.ts'

const FETCH = 'GET https://api.mch.weixin.qq.com/v3/certificates'
const QUERY = `GET https://api.mch.weixin.qq.com/v3/pay/transactions/out-trade-no/${ASKED.attemptId}?mchid=1900000109`

const paid = (options: SignedOptions) => signed(200, PAID, options)
const query = (world: World) => world.channel.query(world.ports, ASKED)
const calls = (world: World) => world.requests.map(({ method, url }) => `${method} ${url}`)

/** A merchant with platform certificates who has fetched the old one. */
async function withOldCertificate(settings: object = CERTIFICATE_SETTINGS): Promise<World> {
  const world = openWorld(settings)
  world.answers(certificateList(['old']))
  world.answers(paid({ by: OLD_CERTIFICATE }))
  expect(await query(world)).toMatchObject({ kind: 'succeeded' })
  return world
}

describe('a merchant with the public key', () => {
  it('asks WeChat to sign with it, and fetches nothing', async () => {
    const world = openWorld()
    world.answers(paid({ by: PUBLIC_KEY }))
    expect(await query(world)).toMatchObject({ kind: 'succeeded' })
    expect(calls(world)).toEqual([QUERY])
    expect(world.requests[0]?.headers['Wechatpay-Serial']).toBe(PUBLIC_KEY.id)
  })

  it('does not know a platform certificate, and may not ask for one', async () => {
    const world = openWorld()
    world.answers(paid({ by: OLD_CERTIFICATE }))
    expect(await query(world)).toMatchObject({ kind: 'unknown' })
    expect(calls(world)).toEqual([QUERY])
  })
})

describe('a merchant with platform certificates', () => {
  it('fetches them before the first call, and names one of them', async () => {
    const world = await withOldCertificate()
    expect(calls(world)).toEqual([FETCH, QUERY])
    expect(world.requests[0]?.headers).not.toHaveProperty('Wechatpay-Serial')
    expect(world.requests[1]?.headers['Wechatpay-Serial']).toBe(OLD_CERTIFICATE.id)
  })

  it('remembers them for an hour', async () => {
    const world = await withOldCertificate()
    world.later(3_599_999)
    world.answers(paid({ by: OLD_CERTIFICATE, atMs: world.now() }))
    await query(world)
    expect(calls(world)).toEqual([FETCH, QUERY, QUERY])

    world.later(1)
    world.answers(certificateList(['old'], { atMs: world.now() }))
    world.answers(paid({ by: OLD_CERTIFICATE, atMs: world.now() }))
    await query(world)
    expect(calls(world)).toEqual([FETCH, QUERY, QUERY, FETCH, QUERY])
  })

  it('goes on with the ones it has while they cannot be fetched', async () => {
    const world = await withOldCertificate()
    world.later(7_200_000)
    world.answers(unsigned(500, { code: 'SYSTEM_ERROR' }))
    world.answers(paid({ by: OLD_CERTIFICATE, atMs: world.now() }))
    expect(await query(world)).toMatchObject({ kind: 'succeeded' })
  })

  it('accepts both during a rotation, and asks for the newer', async () => {
    const world = openWorld(CERTIFICATE_SETTINGS)
    world.answers(certificateList(['old', 'new']))
    world.answers(paid({ by: OLD_CERTIFICATE }))
    expect(await query(world)).toMatchObject({ kind: 'succeeded' })
    world.answers(paid({ by: NEW_CERTIFICATE }))
    expect(await query(world)).toMatchObject({ kind: 'succeeded' })
    expect(calls(world)).toEqual([FETCH, QUERY, QUERY])
    expect(world.requests[1]?.headers['Wechatpay-Serial']).toBe(NEW_CERTIFICATE.id)
  })

  it('fetches once more when it meets one that it does not know', async () => {
    const world = await withOldCertificate()
    world.later(10_000)
    world.answers(paid({ by: NEW_CERTIFICATE, atMs: world.now() }))
    world.answers(certificateList(['old', 'new'], { atMs: world.now() }))
    expect(await query(world)).toMatchObject({ kind: 'succeeded' })
    expect(calls(world)).toEqual([FETCH, QUERY, QUERY, FETCH])
  })

  it('gives up on one that is not in the list either, and does not ask again at once', async () => {
    const world = await withOldCertificate()
    world.later(10_000)
    world.answers(paid({ by: NEW_CERTIFICATE, atMs: world.now() }))
    world.answers(certificateList(['old'], { atMs: world.now() }))
    expect(await query(world)).toMatchObject({ kind: 'unknown' })
    world.answers(paid({ by: NEW_CERTIFICATE, atMs: world.now() }))
    expect(await query(world)).toMatchObject({ kind: 'unknown' })
    expect(calls(world)).toEqual([FETCH, QUERY, QUERY, FETCH, QUERY])
  })

  it('no longer knows one that has expired, even if WeChat still lists it', async () => {
    const world = await withOldCertificate()
    world.later(Date.parse('2026-06-01T00:00:00Z') - world.now())
    const list = { by: NEW_CERTIFICATE, atMs: world.now() }
    world.answers(certificateList(['old', 'new'], list))
    world.answers(paid({ by: OLD_CERTIFICATE, atMs: world.now() }))
    expect(await query(world)).toMatchObject({ kind: 'unknown' })
  })

  it.each([
    ['the public key', CERTIFICATE_SETTINGS],
    ['the public key, though it is in the settings', { ...SETTINGS, verification: 'certificates' }],
  ])('does not go by %s', async (_, settings) => {
    const world = await withOldCertificate(settings)
    world.answers(paid({ by: PUBLIC_KEY }))
    expect(await query(world)).toMatchObject({ kind: 'unknown' })
    world.later(3_600_000)
    world.answers(certificateList(['old', 'new'], { by: PUBLIC_KEY, atMs: world.now() }))
    world.answers(paid({ by: NEW_CERTIFICATE, atMs: world.now() }))
    expect(await query(world)).toMatchObject({ kind: 'unknown' })
  })

  it('trusts nothing that somebody else wrote into its cache', async () => {
    const world = await withOldCertificate()
    const foreign = await seal(
      vectors.platform_certificates.new.certificate_pem,
      'certificate',
      'another_key_of_32_characters_000',
    )
    const answer = JSON.stringify({ data: [{ encrypt_certificate: foreign }] })
    const planted = JSON.stringify({ fetchedAtMs: world.now(), answer })
    await world.ports.cache.put('platform-certificates', planted, 60_000)
    world.later(10_000)
    world.answers(unsigned(500, ''))
    expect(await query(world)).toMatchObject({ kind: 'not_sent' })
  })
})

describe('a merchant who moves from certificates to the public key', () => {
  it('accepts the key without fetching, and certificates after fetching them', async () => {
    const world = openWorld(BOTH_SETTINGS)
    world.answers(paid({ by: PUBLIC_KEY }))
    expect(await query(world)).toMatchObject({ kind: 'succeeded' })
    world.answers(paid({ by: OLD_CERTIFICATE }))
    world.answers(certificateList(['old']))
    expect(await query(world)).toMatchObject({ kind: 'succeeded' })
    expect(calls(world)).toEqual([QUERY, QUERY, FETCH])
  })

  it('accepts a list of certificates that is signed with the public key', async () => {
    const world = openWorld(BOTH_SETTINGS)
    world.answers(paid({ by: OLD_CERTIFICATE }))
    world.answers(certificateList(['old'], { by: PUBLIC_KEY }))
    expect(await query(world)).toMatchObject({ kind: 'succeeded' })
  })
})

describe('a list of certificates', () => {
  const tampered = (tamper: NonNullable<SignedOptions['tamper']>) =>
    certificateList(['old'], { tamper })

  it.each([
    ['is not signed', unsigned(200, { data: [] })],
    ['is empty', signed(200, { data: [] }, { by: OLD_CERTIFICATE })],
    ['is no list', signed(200, { data: 'none' }, { by: OLD_CERTIFICATE })],
    ['is cut', signed(200, '{"data":[', { by: OLD_CERTIFICATE })],
    ['is refused', unsigned(403, { code: 'NO_AUTH', message: '' })],
    ['is redirected', unsigned(302, '')],
    ['does not come', async () => ({ kind: 'unknown', evidence: 'timeout' }) as const],
    [
      'is signed with a certificate that is not in it',
      certificateList(['old'], { by: NEW_CERTIFICATE }),
    ],
    ['is signed with the public key of another mode', certificateList(['old'], { by: PUBLIC_KEY })],
    ['is old', certificateList(['old'], { atMs: 0 })],
    [
      'was changed',
      tampered((message) => {
        message.body = new TextEncoder().encode(
          new TextDecoder().decode(message.body).replace('2025-01-01', '2024-01-01'),
        )
      }),
    ],
  ])('brings no key when it %s: the call is then not sent', async (_, list) => {
    const world = openWorld(CERTIFICATE_SETTINGS)
    world.answers(list)
    expect(await query(world)).toMatchObject({ kind: 'not_sent' })
    expect(calls(world)).toEqual([FETCH])
    expect(world.logs.map(({ level, message }) => [level, message])).toEqual([
      ['error', 'platform certificates of WeChat Pay were not fetched'],
    ])
  })

  it('brings no key when the APIv3 key of the settings is another', async () => {
    const world = openWorld({ ...CERTIFICATE_SETTINGS, apiV3Key: '0'.repeat(32) })
    world.answers(certificateList(['old']))
    expect(await query(world)).toMatchObject({ kind: 'not_sent' })
  })

  it('may hold an item that we cannot read', async () => {
    const world = openWorld(CERTIFICATE_SETTINGS)
    const { certificate_pem } = vectors.platform_certificates.old
    const data = [
      { serial_no: '01', encrypt_certificate: { algorithm: 'AEAD_SM4_GCM' } },
      { serial_no: '02', encrypt_certificate: await seal('no certificate', 'certificate') },
      { serial_no: '03', encrypt_certificate: await seal(certificate_pem, 'certificate') },
    ]
    world.answers(signed(200, { data }, { by: OLD_CERTIFICATE }))
    world.answers(paid({ by: OLD_CERTIFICATE }))
    expect(await query(world)).toMatchObject({ kind: 'succeeded' })
  })
})
