import { createHash } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { signJeepay, verifyJeepay } from '../../../core/signing/jeepay.ts'

const OURS = 'gw-demo-secret-0001'
const PUBLISHED = 'offline-test-key'
const published = { version: '1.0', signType: 'MD5', reqTime: '1700000000123' }

const request = {
  amount: '100',
  appId: '65a0f3c2e4b0d1a2b3c4d5e6',
  body: '订单描述',
  channelExtra: '{"payDataType":"codeUrl"}',
  clientIp: '203.0.113.7',
  currency: 'CNY',
  divisionMode: '0',
  extParam: '',
  mchNo: 'M1700000001',
  mchOrderNo: 'ORD20240101000001',
  notifyUrl: 'https://shop.example/notify?src=gw',
  reqTime: '1704067200000',
  returnUrl: '',
  signType: 'MD5',
  subject: '测试商品 A&B',
  version: '1.0',
  wayCode: 'WX_NATIVE',
}

const vectors: readonly [string, string, Record<string, string>, string][] = [
  ['a request with empty fields', OURS, request, 'A3D263EB5D5E7AAC1484A96CD2073F8D'],
  [
    'the data of an answer',
    OURS,
    {
      mchOrderNo: 'ORD20240101000001',
      orderState: '1',
      payData: 'weixin://wxpay/bizpayurl?pr=AbCdEf1',
      payDataType: 'codeUrl',
      payOrderId: 'P1741234567890123456',
    },
    '1CCA8FD2066CF22EA2444FA441AA005C',
  ],
  [
    'a notification',
    OURS,
    {
      amount: '100',
      appId: '65a0f3c2e4b0d1a2b3c4d5e6',
      body: '订单描述',
      channelOrderNo: '4200002024010100000000000001',
      clientIp: '203.0.113.7',
      createdAt: '1704067200123',
      currency: 'CNY',
      ifCode: 'wxpay',
      mchNo: 'M1700000001',
      mchOrderNo: 'ORD20240101000001',
      payOrderId: 'P1741234567890123456',
      reqTime: '1704067261000',
      state: '2',
      subject: '测试商品 A&B',
      successTime: '1704067260000',
      wayCode: 'WX_NATIVE',
    },
    'CE148A2EC5EFC881C1B5A922278DE9C4',
  ],
  ['no fields at all', OURS, {}, 'E3EBACD40FD793AEE50D4AAC437975F8'],
  [
    'names that differ in case',
    OURS,
    { accType: '0', accountNo: 'x', accNo: 'y' },
    'B1A1B306BE0DB7533AE302A2F0669FC8',
  ],
  [
    'names with punctuation',
    OURS,
    { a_b: '1', aB: '2', a1: '3', a: '4' },
    '2771FD626FB9F8EC4A0FC053206FD9DA',
  ],
  [
    'zero, false and a blank',
    OURS,
    { amount: '0', blank: ' ', flag: 'false', empty: '' },
    '3F4D8001563A1402405284D235D62B28',
  ],
  [
    'a character outside the basic plane',
    OURS,
    { subject: '会员充值🎁', amount: '1' },
    '5D90AD7E11A78C538CB4B4CBDD1EA2A5',
  ],
  [
    'names that begin like one another',
    OURS,
    { payData: 'p', payDataType: 'codeUrl', payOrderId: 'P1' },
    '66ACAAC729255EB4E2F46588BC639A7B',
  ],
  ['a nested value', OURS, { n: '{"x":1}', amount: '2' }, '03AF6CA8F2DE63235CDCCBE3DB122943'],
  [
    'JeePay 1: plain fields',
    PUBLISHED,
    { ...published, mchNo: 'M1621873433953', appId: '60cc09bce4b0f1c0b83761c9', amount: '100' },
    'CE76B1B36C5B683AD2F8FB0FCA95055B',
  ],
  [
    'JeePay 2: zeros',
    PUBLISHED,
    { ...published, amount: '0', state: '0' },
    '6F5CE7D1150794CB08A853964CDF3723',
  ],
  [
    'JeePay 3: absent and empty',
    PUBLISHED,
    { ...published, amount: '1', empty: '' },
    '7DC985B98166C7A092595BA23A981F50',
  ],
  [
    'JeePay 4: order of names',
    PUBLISHED,
    { ...published, Zebra: 'last', apple: 'first' },
    '9C90DE387B013B218B091D5BA0BB76B2',
  ],
  [
    'JeePay 5: a tie that the value decides',
    PUBLISHED,
    { ...published, a: 'z', A: 'a', a0: 'prefix' },
    'BA9AF3B13F07EC35495DCC96D8171C56',
  ],
  [
    'JeePay 6: false and a blank',
    PUBLISHED,
    { ...published, enabled: 'false', memo: ' ' },
    '15674BFD4022123071E0B1CD1A2A20BF',
  ],
  [
    'JeePay 7: Chinese text',
    PUBLISHED,
    { ...published, subject: '测试商品', amount: '1' },
    'F9F6BC7ED815F9B4D129B4C16D28E2C7',
  ],
]

describe("JeePay's MD5 signature", () => {
  it.each(vectors)('signs %s as the official SDK does', (_, secret, fields, sign) => {
    expect(signJeepay(Object.entries(fields), secret)).toBe(sign)
  })

  it('accepts a sign in lower case, as some clients send it', () => {
    const fields = Object.entries({ amount: '1' })
    expect(verifyJeepay(fields, OURS, signJeepay(fields, OURS).toLowerCase())).toBe(true)
  })

  it.each([
    ['a changed value', { ...request, amount: '101' }],
    ['a field more', { ...request, refundAmount: '1' }],
    ['a field less', { ...request, clientIp: '' }],
  ])('refuses %s', (_, fields) => {
    expect(verifyJeepay(Object.entries(fields), OURS, 'A3D263EB5D5E7AAC1484A96CD2073F8D')).toBe(
      false,
    )
  })

  it('refuses the right fields under another secret', () => {
    expect(
      verifyJeepay(Object.entries(request), 'another', 'A3D263EB5D5E7AAC1484A96CD2073F8D'),
    ).toBe(false)
  })
})

describe('the order of what is signed', () => {
  const n = (value: string) => ['n', value] as const
  const N = (value: string) => ['N', value] as const

  /** The sign of exactly this text, with the secret behind it. */
  const signOf = (text: string) =>
    createHash('md5').update(`${text}key=${OURS}`).digest('hex').toUpperCase()

  // Names that differ in case alone, so that the values decide.
  it.each([
    ['a text before one that begins with it', '1', '1&x'],
    ['punctuation between Z and a before letters of either case', '_', 'A'],
    ['... and before those', '_', 'a'],
    ['a letter in upper case before a later one in lower case', 'B', 'c'],
    ['a letter in lower case before a later one in upper case', 'b', 'C'],
    ['what has no single upper case, as it is', 't', 'ß'],
    ['a character outside the basic plane by its units', '🎁', '\uff01'],
  ])('has %s', (_, first, second) => {
    const sign = signOf(`n=${first}&N=${second}&`)
    expect(signJeepay([n(first), N(second)], OURS)).toBe(sign)
    expect(signJeepay([N(second), n(first)], OURS)).toBe(sign)
  })

  it.each([
    ['i', 'I'],
    // Alike only by their upper case, …
    ['s', 'ſ'],
    ['i', 'ı'],
    ['σ', 'ς'],
    ['μ', 'µ'],
    // … or only by the lower case.
    ['k', '\u212a'],
    ['i', 'İ'],
  ])('is the order of arrival for those that are alike: %s and %s', (one, other) => {
    expect(signJeepay([n(one), N(other)], OURS)).toBe(signOf(`n=${one}&N=${other}&`))
    expect(signJeepay([N(other), n(one)], OURS)).toBe(signOf(`N=${other}&n=${one}&`))
  })
})
