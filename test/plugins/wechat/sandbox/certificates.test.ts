import { X509Certificate } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { decrypt, openWechatKit } from './wechat-kit.ts'

const FIRST = '3775B6A45ACD588826D15E583A95F5DD00000001'
const SECOND = '3775B6A45ACD588826D15E583A95F5DD00000002'
const sealed = z.object({ ciphertext: z.string(), nonce: z.string(), associated_data: z.string() })
const listing = z.object({
  data: z.array(
    z.object({
      serial_no: z.string(),
      effective_time: z.string(),
      expire_time: z.string(),
      encrypt_certificate: sealed.extend({ algorithm: z.literal('AEAD_AES_256_GCM') }),
    }),
  ),
})

describe('the platform certificates', () => {
  it.each([
    ['before', [FIRST]],
    ['during', [SECOND, FIRST]],
    ['after', [SECOND]],
  ] as const)('are, %s the rotation, %j', async (rotation, serials) => {
    const { call } = openWechatKit({ verification: 'certificates', rotation })
    const answer = await call('GET', '/v3/certificates')
    expect(answer).toMatchObject({ status: 200, verified: true })
    const { data } = listing.parse(answer.body)
    expect(data.map(({ serial_no }) => serial_no)).toEqual(serials)
    for (const { serial_no, encrypt_certificate } of data) {
      const pem = decrypt(encrypt_certificate, 'S0123456789abcdefghijklmnopqrst9')
      const certificate = new X509Certificate(pem)
      expect(certificate.serialNumber).toBe(serial_no)
      expect(certificate.verify(certificate.publicKey)).toBe(true)
    }
  })

  it('say how long they are valid, as they themselves do', async () => {
    const { call } = openWechatKit({ verification: 'both', rotation: 'during' })
    const { data } = listing.parse((await call('GET', '/v3/certificates?algorithm_type=RSA')).body)
    expect(data.map(({ effective_time, expire_time }) => [effective_time, expire_time])).toEqual([
      ['2020-07-01T08:00:00+08:00', '2060-07-01T08:00:00+08:00'],
      ['2020-01-01T08:00:00+08:00', '2060-01-01T08:00:00+08:00'],
    ])
    const [, first] = data
    const pem = decrypt(
      first?.encrypt_certificate ?? sealed.parse({}),
      'S0123456789abcdefghijklmnopqrst9',
    )
    expect(new X509Certificate(pem)).toMatchObject({
      validFrom: 'Jan  1 00:00:00 2020 GMT',
      validTo: 'Jan  1 00:00:00 2060 GMT',
    })
  })

  it('are refused to a merchant who has the public key', async () => {
    const { call } = openWechatKit()
    const answer = await call('GET', '/v3/certificates')
    expect(answer).toMatchObject({ status: 404, verified: true })
    expect(answer.body).toMatchObject({ code: 'RESOURCE_NOT_EXISTS' })
  })
})
