import { describe, expect, it } from 'vitest'
import { CERTIFIED, type Members, openAlipayKit } from './alipay-kit.ts'

const SEND = 'alipay.fund.trans.uni.transfer'
const QUERY = 'alipay.fund.trans.common.query'
const as = CERTIFIED
const PERSON = { identity: '2088100000000011', identity_type: 'ALIPAY_USER_ID' }
const card = (identity: string) => ({ identity, identity_type: 'BANKCARD_ACCOUNT', name: '张三' })
const TO_CARD = { product_code: 'TRANS_BANKCARD_NO_PWD' }

const transfer = (changes: Members = {}) => ({
  out_biz_no: 'X1',
  trans_amount: '1.00',
  product_code: 'TRANS_ACCOUNT_NO_PWD',
  biz_scene: 'DIRECT_TRANSFER',
  order_title: '奖金',
  payee_info: PERSON,
  ...changes,
})
const asked = {
  out_biz_no: 'X1',
  product_code: 'TRANS_ACCOUNT_NO_PWD',
  biz_scene: 'DIRECT_TRANSFER',
}

describe('a transfer', () => {
  it('to an account is there at once, and the same when repeated', async () => {
    const { call } = openAlipayKit()
    const { node } = await call(SEND, transfer(), { as })
    expect(node).toEqual({
      code: '10000',
      msg: 'Success',
      out_biz_no: 'X1',
      order_id: expect.stringMatching(/^\d{32}$/),
      pay_fund_order_id: expect.stringMatching(/^\d{32}$/),
      status: 'SUCCESS',
      trans_date: '2026-01-01 08:00:00',
      amount: '1.00',
    })
    expect((await call(SEND, transfer(), { as })).node).toEqual(node)
    const expected = { status: 'SUCCESS', trans_amount: '1.00', pay_date: '2026-01-01 08:00:00' }
    for (const key of [
      asked,
      { order_id: node.order_id },
      { pay_fund_order_id: node.pay_fund_order_id },
    ]) {
      expect((await call(QUERY, key, { as })).node).toMatchObject({ out_biz_no: 'X1', ...expected })
    }
  })

  it.each<[string, Members, string]>([
    ['its number with another amount', { trans_amount: '1.01' }, 'REP_INCONSISTENT'],
    [
      'its number for another',
      { payee_info: { ...PERSON, identity: '2088100000000012' } },
      'REP_INCONSISTENT',
    ],
    ['less than ten fen', { out_biz_no: 'X2', trans_amount: '0.09' }, 'EXCEED_LIMIT_SM_MIN_AMOUNT'],
    ['no title', { out_biz_no: 'X2', order_title: undefined }, 'INVALID_PARAMETER'],
    ['another scene', { out_biz_no: 'X2', biz_scene: 'PERSONAL_COLLECTION' }, 'INVALID_PARAMETER'],
    [
      'a card as an account',
      { out_biz_no: 'X2', payee_info: card('6222000000000001') },
      'INVALID_PARAMETER',
    ],
    [
      'a login name without a name',
      { out_biz_no: 'X2', payee_info: { identity: 'a@b.cn', identity_type: 'ALIPAY_LOGON_ID' } },
      'INVALID_PARAMETER',
    ],
    [
      'a login name of another',
      {
        out_biz_no: 'X2',
        payee_info: {
          identity: 'zhang@example.com',
          identity_type: 'ALIPAY_LOGON_ID',
          name: '王五',
        },
      },
      'PAYEE_USERINFO_ERROR',
    ],
    [
      'nobody',
      { out_biz_no: 'X2', payee_info: { ...PERSON, identity: '2088100000000404' } },
      'PAYEE_NOT_EXIST',
    ],
    [
      'itself',
      { out_biz_no: 'X2', payee_info: { ...PERSON, identity: '2088000000000001' } },
      'PAYER_PAYEE_CANNOT_SAME',
    ],
  ])('is refused: %s', async (_what, changes, sub_code) => {
    const { call } = openAlipayKit()
    await call(SEND, transfer(), { as })
    expect((await call(SEND, transfer(changes), { as })).node).toMatchObject({
      code: '40004',
      sub_code,
    })
  })

  it('that was refused leaves its number free', async () => {
    const { call } = openAlipayKit()
    const nobody = { ...PERSON, identity: '2088100000000404' }
    await call(SEND, transfer({ payee_info: nobody }), { as })
    expect((await call(QUERY, asked, { as })).node.sub_code).toBe('ORDER_NOT_EXIST')
    expect((await call(SEND, transfer(), { as })).node.status).toBe('SUCCESS')
  })

  it('ends with the money on the account', async () => {
    const { call, simulator } = openAlipayKit()
    await simulator.enrolSeller({
      sellerId: '2088000000000001',
      name: '演示商户',
      email: 'shop@example.com',
      openingFen: 150,
    })
    expect((await call(SEND, transfer(), { as })).node.code).toBe('10000')
    const account = { alipay_user_id: '2088000000000001', account_type: 'ACCTRANS_ACCOUNT' }
    expect((await call('alipay.fund.account.query', account, { as })).node).toMatchObject({
      available_amount: '0.50',
      freeze_amount: '0.00',
    })
    const more = await call(SEND, transfer({ out_biz_no: 'X2' }), { as })
    expect(more.node.sub_code).toBe('PAYER_BALANCE_NOT_ENOUGH')
  })

  it.each([
    ['6222000000000001', ['DEALING', 'SUCCESS', 'SUCCESS']],
    ['6222000000000404', ['DEALING', 'FAIL', 'FAIL']],
    ['6222000000000500', ['DEALING', 'SUCCESS', 'REFUND']],
  ])('to the card %s goes %j', async (number, states) => {
    const { call, passes } = openAlipayKit()
    const seen: unknown[] = []
    const look = async () => {
      const key = { ...asked, ...TO_CARD }
      seen.push((await call(QUERY, key, { as })).node.status)
    }
    await call(SEND, transfer({ ...TO_CARD, payee_info: card(number) }), { as })
    await look()
    await passes(120_000)
    await look()
    await passes(120_000)
    await look()
    expect(seen).toEqual(states)
  })

  it('sends a message of each change, to the address of the app', async () => {
    const { call, simulator, told, passes } = openAlipayKit()
    await call(SEND, transfer({ out_biz_no: 'X0' }), { as })
    await simulator.setGateway('2021000000000002', 'https://pay.example.com/gateway')
    await call(SEND, transfer({ ...TO_CARD, payee_info: card('6222000000000500') }), { as })
    await passes(120_000)
    await passes(120_000)
    const contents = told.map(({ fields }) => JSON.parse(fields.biz_content ?? ''))
    expect(contents).toMatchObject([
      {
        out_biz_no: 'X1',
        status: 'SUCCESS',
        trans_amount: '1.00',
        pay_date: '2026-01-01 08:02:00',
      },
      { out_biz_no: 'X1', status: 'REFUND', error_code: 'BANK_REFUND' },
    ])
    expect(told.every(({ verified }) => verified)).toBe(true)
    expect(told[0]?.fields.msg_method).toBe('alipay.fund.trans.order.changed')
  })

  it('lies in messages as it does in callbacks', async () => {
    const { call, simulator, told, passes } = openAlipayKit()
    await simulator.setGateway('2021000000000002', 'https://pay.example.com/gateway')
    await simulator.misbehave([
      { on: 'callback', fault: 'wrong_amount', times: 1 },
      { on: 'callback', fault: 'wrong_merchant', times: 1 },
    ])
    await call(SEND, transfer(), { as })
    await call(SEND, transfer({ out_biz_no: 'X2' }), { as })
    await passes(0)
    expect(JSON.parse(told[0]?.fields.biz_content ?? '')).toMatchObject({ trans_amount: '1.01' })
    expect(told[1]?.fields.app_id).toBe('2021000000000404')
    expect(told.map(({ verified }) => verified)).toEqual([true, true])
  })
})
