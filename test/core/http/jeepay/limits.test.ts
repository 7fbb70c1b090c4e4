import { describe, expect, it } from 'vitest'
import { type Envelope, openShop, signed } from '../../../kit/shop.ts'

describe('amounts', () => {
  const MISSING = { code: 9999, msg: '支付金额不能为空' }
  const NOT_FEN = { code: 11, msg: '参数有误[amount必须是以分为单位的整数]' }
  const TOO_MUCH = { code: 11, msg: '参数有误[amount超出范围]' }

  it.each([
    ['zero', 0, MISSING],
    ['a negative one', -1, MISSING],
    ['minus zero', '-0', MISSING],
    ['yuan', 12.34, NOT_FEN],
    ['whole yuan written as such', '10.00', NOT_FEN],
    ['an exponent', '1e2', NOT_FEN],
    ['hexadecimal', '0x10', NOT_FEN],
    ['a thousands separator', '1,000', NOT_FEN],
    ['a blank before it', ' 1', NOT_FEN],
    ['a word', 'Infinity', NOT_FEN],
    ['full-width digits', '１００', NOT_FEN],
    ['one fen above the bound', 10_000_000_001, TOO_MUCH],
    ['2^53', '9007199254740992', TOO_MUCH],
    ['2^64', '18446744073709551616', TOO_MUCH],
    ['400 digits', '9'.repeat(400), TOO_MUCH],
  ])('refuses %s', async (_, amount, answer) => {
    const shop = await openShop()
    expect(await shop.asksFor({ amount })).toEqual(answer)
    expect(shop.bank.calls).toEqual([])
  })

  it.each([
    ['one fen', 1, 1],
    ['a text', '100', 100],
    ['a plus sign', '+7', 7],
    ['the bound itself', 10_000_000_000, 10_000_000_000],
  ])('takes %s', async (_, amount, stored) => {
    const shop = await openShop()
    const payOrderId = await shop.orders({ amount })
    expect(shop.bank.orders.get(payOrderId)?.amount).toBe(stored)
    expect((await shop.sees(payOrderId)).data).toMatchObject({ amount: stored })
  })

  it('refuses 1e2 as a JSON number too, where a parser would make 100 of it', async () => {
    const shop = await openShop()
    const { sign: _, ...fields } = signed({ mchOrderNo: 'A1' }, shop.app)
    const response = await shop.gateway.fetch(
      new Request('https://pay.example/api/pay/unifiedOrder', {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ ...fields, wayCode: 'WX_NATIVE', sign: '0', amount: 0 }).replace(
          '"amount":0',
          '"amount":1e2',
        ),
      }),
    )
    expect((await response.json()) as Envelope).toEqual(NOT_FEN)
  })
})

describe('lengths', () => {
  it.each([
    ['mchOrderNo', 64],
    ['subject', 128],
    ['body', 256],
    ['clientIp', 128],
    ['extParam', 128],
  ])('takes %s of %i characters, and none more', async (name, length) => {
    const shop = await openShop()
    expect(await shop.asksFor({ [name]: '字'.repeat(length) })).toMatchObject({ code: 0 })
    expect(await shop.asksFor({ [name]: '字'.repeat(length + 1) })).toEqual({
      code: 9999,
      msg: `${name}长度不能超过${length}`,
    })
    expect(shop.bank.calls).toHaveLength(1)
  })

  it('counts what people see, not the halves of surrogate pairs', async () => {
    const shop = await openShop()
    expect(await shop.asksFor({ subject: '🎁'.repeat(128) })).toMatchObject({ code: 0 })
  })

  it.each(['notifyUrl', 'returnUrl'])(
    'takes a %s of 256 characters, and none more',
    async (name) => {
      const shop = await openShop()
      const url = `https://shop.example/${'a'.repeat(235)}`
      expect(await shop.asksFor({ [name]: url })).toMatchObject({ code: 0 })
      expect(await shop.asksFor({ [name]: `${url}a` })).toEqual({
        code: 9999,
        msg: `${name}长度不能超过256`,
      })
    },
  )

  it.each([
    ['mchRefundNo', 64],
    ['refundReason', 256],
    ['extParam', 64],
  ])('takes a refund with %s of %i characters, and none more', async (name, length) => {
    const shop = await openShop()
    const payOrderId = await shop.orders()
    await shop.payerPays(payOrderId)
    expect(await shop.refunds(payOrderId, { [name]: 'x'.repeat(length) })).toMatchObject({
      code: 0,
    })
    expect(await shop.refunds(payOrderId, { [name]: 'x'.repeat(length + 1) })).toEqual({
      code: 9999,
      msg: `${name}长度不能超过${length}`,
    })
  })

  it.each([
    ['0', false],
    ['1', true],
    ['2592000', true],
    ['2592001', false],
    ['-1', false],
    ['1.5', false],
    ['', true],
  ])('takes %j seconds until expiry: %s', async (expiredTime, isTaken) => {
    const shop = await openShop()
    expect(await shop.asksFor({ expiredTime })).toMatchObject(
      isTaken ? { code: 0 } : { code: 11, msg: '参数有误[expiredTime必须是秒数]' },
    )
  })
})
