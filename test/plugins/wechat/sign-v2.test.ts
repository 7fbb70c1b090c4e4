import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Hash } from 'wechatpay-axios-plugin'
import { isSameSignature, signV2 } from '../../../plugins/wechat/sign-v2.ts'

/** The example of WeChat's own documentation. */
const EXAMPLE = {
  appid: 'wxd930ea5d5a258f4f',
  mch_id: '10000100',
  device_info: '1000',
  body: 'test',
  nonce_str: 'ibuaiVcKdpRxkhJA',
}
const KEY = '192006250b4c09247ec02edce69f6a2d'
const MD5 = '9A0A8659F005D6984697E2CA0A9CF3B7'
const HMAC = '6A9AE1657590FD6257D693A078E1C3E4BB6BA4DC30B23E0EE2496E54170DACD6'

describe('a signature of APIv2', () => {
  it.each([
    ['MD5', MD5],
    ['HMAC-SHA256', HMAC],
  ] as const)('is the one of the vector: %s', async (type, sign) => {
    expect(await signV2(EXAMPLE, KEY, type)).toBe(sign)
  })

  it.each([
    ['the members stand in another order', { ...EXAMPLE, ...{ appid: EXAMPLE.appid } }],
    ['there are empty ones', { ...EXAMPLE, attach: '', detail: '' }],
    ['there is a sign', { ...EXAMPLE, sign: 'X' }],
  ])('is the same when %s', async (_, members) => {
    const reversed = Object.fromEntries(Object.entries(members).reverse())
    expect(await signV2(reversed, KEY, 'HMAC-SHA256')).toBe(HMAC)
  })

  it.each([
    ['a value', { ...EXAMPLE, body: 'Test' }, KEY],
    ['a name', { ...EXAMPLE, Body: 'test' }, KEY],
    ['the key', EXAMPLE, KEY.replace('1', '2')],
  ])('is another for another %s', async (_, members, key) => {
    expect(await signV2(members, key, 'HMAC-SHA256')).not.toBe(HMAC)
    expect(await signV2(members, key, 'MD5')).not.toBe(MD5)
  })

  it('is what somebody else signs, whatever is signed', async () => {
    const name = fc.stringMatching(/^[a-z][a-z_0-9]{0,11}$/).filter((text) => text !== 'key')
    await fc.assert(
      fc.asyncProperty(
        fc.dictionary(name, fc.string({ unit: 'grapheme' }), { minKeys: 1 }),
        fc.constantFrom('MD5' as const, 'HMAC-SHA256' as const),
        async (some, type) => {
          const members = { ...some, nonce_str: 'N' }
          expect(await signV2(members, KEY, type)).toBe(Hash.sign(type, members, KEY))
        },
      ),
    )
  })
})

it.each([
  [HMAC, HMAC, true],
  [HMAC, HMAC.replace('6', '7'), false],
  [HMAC, HMAC.slice(1), false],
  [HMAC, '', false],
  ['', '', true],
])('tells signatures apart (%#)', (a, b, same) => {
  expect(isSameSignature(a, b)).toBe(same)
})
