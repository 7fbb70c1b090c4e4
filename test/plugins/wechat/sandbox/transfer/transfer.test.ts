import { describe, expect, it } from 'vitest'
import { PLATFORM_PUBLIC_KEY } from '../../../../../plugins/wechat/sandbox/keys.ts'
import { SECOND_MERCHANT, SECOND_MERCHANT_PRIVATE_KEY } from '../second-merchant.ts'
import { NAMED, opened, secret } from '../secrets.ts'
import { NUMBER, openTransfers, TRANSFERS, transferOf } from './transfer-kit.ts'

describe('a transfer', () => {
  it('waits for the payee, who takes it; then it arrives, and that is told', async () => {
    const { sends, sees, simulator, passes, told, balance } = openTransfers()
    const created = await sends(transferOf(1_000))
    expect(created).toMatchObject({ status: 200, verified: true })
    expect(created.body).toEqual({
      out_bill_no: NUMBER,
      transfer_bill_no: expect.stringMatching(/^133\d{14}20260101\d{15}$/),
      create_time: '2026-01-01T08:00:00+08:00',
      state: 'WAIT_USER_CONFIRM',
      package_info: expect.stringMatching(/==$/),
    })
    expect(await balance()).toBe(99_999_000)
    expect((await simulator.payments())[0]).toMatchObject({
      number: NUMBER,
      way: 'transfer',
      subject: '新会员有礼',
      amount: { minor: 1_000, currency: 'CNY' },
      state: 'WAIT_USER_CONFIRM',
      actions: ['pay', 'cancel', 'fail'],
    })

    await passes(60_000)
    expect(await simulator.act(NUMBER, 'pay')).toEqual({})
    expect((await sees()).body).toMatchObject({ state: 'TRANSFERING' })
    expect(told).toEqual([])
    await passes(5_000)
    const { transfer_bill_no } = created.body
    expect((await sees()).body).toEqual({
      mch_id: '1900000109',
      out_bill_no: NUMBER,
      transfer_bill_no,
      appid: 'wx0000000000000001',
      state: 'SUCCESS',
      transfer_amount: 1_000,
      transfer_remark: '新会员有礼',
      openid: 'oSharedOpenid000000000000001',
      create_time: '2026-01-01T08:00:00+08:00',
      update_time: '2026-01-01T08:01:05+08:00',
    })
    expect(told).toMatchObject([
      {
        verified: true,
        url: 'https://pay.example.com/n/wx/transfer',
        envelope: {
          event_type: 'MCHTRANSFER.BILL.FINISHED',
          resource: { original_type: 'mch_payment', associated_data: '' },
        },
      },
    ])
    expect(told[0]?.content).toEqual({
      mchid: '1900000109',
      out_bill_no: NUMBER,
      transfer_bill_no,
      state: 'SUCCESS',
      transfer_amount: 1_000,
      openid: 'oSharedOpenid000000000000001',
      create_time: '2026-01-01T08:00:00+08:00',
      update_time: '2026-01-01T08:01:05+08:00',
    })
    expect(await balance()).toBe(99_999_000)
  })

  it('may only be accepted at first, and wait for the payee a second later', async () => {
    const { sends, sees, passes } = openTransfers({ transferStarts: 'ACCEPTED' })
    const created = await sends(transferOf(1_000))
    expect(created.body.state).toBe('ACCEPTED')
    expect(created.body).not.toHaveProperty('package_info')
    await passes(1_000)
    expect((await sees()).body).toMatchObject({ state: 'WAIT_USER_CONFIRM' })
    const again = await sends(transferOf(1_000))
    expect(again.body).toMatchObject({ state: 'WAIT_USER_CONFIRM', package_info: /./ })
  })

  it('goes back after a day in which nobody took it', async () => {
    const { sends, sees, passes, told, balance, simulator } = openTransfers()
    await sends(transferOf(1_000))
    await passes(86_400_000 - 1)
    expect((await sees()).body).toMatchObject({ state: 'WAIT_USER_CONFIRM' })
    await passes(1)
    const overdue = { state: 'FAIL', fail_reason: 'OVERDUE_CLOSE' }
    expect((await sees()).body).toMatchObject(overdue)
    expect(told.map(({ content }) => content)).toMatchObject([overdue])
    expect(await balance()).toBe(100_000_000)
    expect(await simulator.act(NUMBER, 'pay')).toEqual({ refused: 'it is FAIL' })
  })

  it('waits on when the payee closes the page, and fails when their account refuses it', async () => {
    const { sends, sees, simulator, balance } = openTransfers()
    await sends(transferOf(1_000))
    expect(await simulator.act(NUMBER, 'cancel')).toEqual({})
    expect((await sees()).body).toMatchObject({ state: 'WAIT_USER_CONFIRM' })
    expect(await simulator.act(NUMBER, 'fail')).toEqual({})
    expect((await sees()).body).toMatchObject({
      state: 'FAIL',
      fail_reason: 'PAYEE_ACCOUNT_ABNORMAL',
    })
    expect(await balance()).toBe(100_000_000)
  })

  it('is found by WeChat’s number too, by its own merchant alone, for 30 days', async () => {
    const { call, sends, sees, passes, simulator } = openTransfers()
    await simulator.enrol(SECOND_MERCHANT)
    const second = {
      mchid: '1900000110',
      serial: '5157F09EFDC096DE15EBE81A47057A7232F1B8E2',
      privateKey: SECOND_MERCHANT_PRIVATE_KEY,
    }
    const { transfer_bill_no } = (await sends(transferOf(1_000))).body
    const path = `${TRANSFERS}/transfer-bill-no/${transfer_bill_no}`
    expect((await call('GET', path)).body).toMatchObject({ out_bill_no: NUMBER })
    const none = { status: 404, body: { code: 'NOT_FOUND' } }
    expect(await call('GET', path, undefined, { as: second })).toMatchObject(none)
    await passes(30 * 86_400_000 - 1)
    expect((await sees()).status).toBe(200)
    await passes(1)
    expect(await sees()).toMatchObject(none)
    expect(await sees('F9')).toMatchObject(none)
  })
})

describe('the same number again', () => {
  it('is the same transfer, and costs nothing more', async () => {
    const { sends, balance } = openTransfers()
    const name = () => transferOf(200_000, { user_name: secret('张三') })
    const first = await sends(name())
    expect((await sends(name())).body).toEqual(first.body)
    const twins = await Promise.all([sends(transferOf(10, OTHER)), sends(transferOf(10, OTHER))])
    expect(twins[0]?.body.transfer_bill_no).toBe(twins[1]?.body.transfer_bill_no)
    expect(await balance()).toBe(100_000_000 - 200_000 - 10)
  })

  it.each([
    ['amount', transferOf(1_001)],
    ['payee', transferOf(1_000, { openid: 'oSharedOpenid000000000000002' })],
    ['name', transferOf(1_000, { user_name: secret('张三') })],
  ])('is refused with another %s', async (_what, changed) => {
    const { sends, balance } = openTransfers()
    await sends(transferOf(1_000))
    expect(await sends(changed)).toMatchObject({ status: 400, body: { code: 'ALREADY_EXISTS' } })
    expect(await balance()).toBe(99_999_000)
  })

  const OTHER = { out_bill_no: 'F20260101000002' }
})

describe('a cancellation', () => {
  it('is accepted, and the money is back a little later', async () => {
    const { sends, sees, cancels, passes, told, balance, simulator } = openTransfers()
    const { transfer_bill_no } = (await sends(transferOf(1_000))).body
    const cancelled = await cancels()
    expect(cancelled).toMatchObject({ status: 200, verified: true })
    expect(cancelled.body).toEqual({
      out_bill_no: NUMBER,
      transfer_bill_no,
      state: 'CANCELING',
      update_time: '2026-01-01T08:00:00+08:00',
    })
    expect(await simulator.act(NUMBER, 'pay')).toEqual({ refused: 'it is CANCELING' })
    expect((await cancels()).body).toMatchObject({ state: 'CANCELING' })
    expect(await balance()).toBe(99_999_000)
    await passes(5_000)
    expect((await sees()).body).toMatchObject({ state: 'CANCELLED', fail_reason: 'MCH_CANCEL' })
    expect((await cancels()).body).toMatchObject({ state: 'CANCELLED' })
    expect(told.map(({ content }) => content.state)).toEqual(['CANCELLED'])
    expect(await balance()).toBe(100_000_000)
    await passes(86_400_000)
    expect(told).toHaveLength(1)
  })

  it('comes too late once the payee has taken it', async () => {
    const { sends, cancels, simulator, passes } = openTransfers()
    await sends(transferOf(1_000))
    await simulator.act(NUMBER, 'pay')
    const late = { status: 400, body: { code: 'INVALID_REQUEST' } }
    expect(await cancels()).toMatchObject(late)
    await passes(5_000)
    expect(await cancels()).toMatchObject(late)
    expect(await cancels('F9')).toMatchObject({ status: 404, body: { code: 'NOT_FOUND' } })
  })

  it('takes an empty object for a body, and nothing else', async () => {
    const { call, sends } = openTransfers()
    await sends(transferOf(1_000))
    const path = `${TRANSFERS}/out-bill-no/${NUMBER}/cancel`
    expect(await call('POST', path, { reason: 'late' })).toMatchObject({ status: 400 })
    expect(await call('POST', path, {})).toMatchObject({ status: 200 })
  })
})

describe('the payee’s name', () => {
  it('is wanted from 2,000 yuan on, and comes back encrypted for the merchant', async () => {
    const { sends, sees } = openTransfers()
    expect(await sends(transferOf(200_000))).toMatchObject({
      status: 400,
      body: { code: 'PARAM_ERROR', detail: { field: '/user_name' } },
    })
    expect((await sends(transferOf(199_999))).status).toBe(200)
    const named = { out_bill_no: 'F2', user_name: secret('张三') }
    expect((await sends(transferOf(200_000, named))).status).toBe(200)
    expect(opened((await sees('F2')).body.user_name)).toBe('张三')
  })

  it('is found wrong when the money should arrive', async () => {
    const { sends, sees, simulator, passes, balance } = openTransfers()
    await sends(transferOf(1_000, { user_name: secret('姓名不符') }))
    await simulator.act(NUMBER, 'pay')
    await passes(5_000)
    expect((await sees()).body).toMatchObject({ state: 'FAIL', fail_reason: 'NAME_NOT_CORRECT' })
    expect(await balance()).toBe(100_000_000)
  })

  it('must be encrypted for the key that the call names', async () => {
    const { call, sends } = openTransfers()
    const unreadable = { status: 400, body: { code: 'PARAM_ERROR' } }
    expect(await sends(transferOf(1_000, { user_name: '张三' }))).toMatchObject(unreadable)
    const body = transferOf(1_000, { user_name: secret('张三') })
    expect(await call('POST', TRANSFERS, body)).toMatchObject(unreadable)
    expect((await call('POST', TRANSFERS, body, NAMED)).status).toBe(200)
    expect(NAMED.headers['wechatpay-serial']).toBe(PLATFORM_PUBLIC_KEY.serial)
  })
})

describe('what WeChat refuses', () => {
  it.each([
    ['a number with a hyphen', { out_bill_no: 'F-1' }, 'PARAM_ERROR'],
    ['a number of 33', { out_bill_no: 'F'.repeat(33) }, 'PARAM_ERROR'],
    ['a remark of 33', { transfer_remark: '字'.repeat(33) }, 'PARAM_ERROR'],
    ['a member that it does not know', { sub_mchid: '1900000201' }, 'PARAM_ERROR'],
    ['9 fen', { transfer_amount: 9 }, 'INVALID_REQUEST'],
    ['a scene that there is not', { transfer_scene_id: '9999' }, 'INVALID_REQUEST'],
    ['nothing said of the scene', { transfer_scene_report_infos: [] }, 'PARAM_ERROR'],
    [
      'half of what the scene wants said',
      { transfer_scene_report_infos: [{ info_type: '活动名称', info_content: '有礼' }] },
      'PARAM_ERROR',
    ],
    ['an app that is not the merchant’s', { appid: 'wx0000000000000003' }, 'INVALID_REQUEST'],
    ['a callback address with a query', { notify_url: 'https://a.example/?b' }, 'PARAM_ERROR'],
  ])('refuses %s', async (_what, changes, code) => {
    const { sends, balance, simulator } = openTransfers()
    expect(await sends(transferOf(1_000, changes))).toMatchObject({ status: 400, body: { code } })
    expect(await balance()).toBe(100_000_000)
    expect(await simulator.payments()).toEqual([])
  })

  it('refuses a scene that it did not grant', async () => {
    const { call, simulator } = openTransfers()
    const scenes = { ...SECOND_MERCHANT, transferScenes: ['1005'] }
    await simulator.enrol(scenes)
    const as = {
      mchid: '1900000110',
      serial: '5157F09EFDC096DE15EBE81A47057A7232F1B8E2',
      privateKey: SECOND_MERCHANT_PRIVATE_KEY,
    }
    const body = (scene: string) =>
      transferOf(100, { appid: 'wx0000000000000003', transfer_scene_id: scene })
    expect((await call('POST', TRANSFERS, body('1000'), { as })).status).toBe(400)
    expect((await call('POST', TRANSFERS, body('1005'), { as })).status).toBe(200)
  })

  it('refuses more than there is, and takes the same again when there is more', async () => {
    const { sends, sees, simulator, balance } = openTransfers({ openingBalanceMinor: 999 })
    expect(await sends(transferOf(1_000))).toMatchObject({
      status: 403,
      body: { code: 'NOT_ENOUGH' },
    })
    expect((await sees()).status).toBe(404)
    expect(await balance()).toBe(999)
    await simulator.setBalance('1900000109', 'operation', 1_000)
    expect((await sends(transferOf(1_000))).status).toBe(200)
    expect(await balance()).toBe(0)
  })
})

describe('a simulator that misbehaves', () => {
  it.each([
    ['silence_before', 404],
    ['reset_before', 404],
    ['silence_after', 200],
    ['reset_after', 200],
  ] as const)('with %s says nothing; afterwards a query is answered %i', async (fault, status) => {
    const { callRaw, sees, simulator } = openTransfers()
    await simulator.misbehave([{ on: 'transfer', fault, times: 1 }])
    const answer = await callRaw('POST', TRANSFERS, JSON.stringify(transferOf(1_000)))
    expect(answer).toBe(fault.split('_')[0])
    expect((await sees()).status).toBe(status)
  })

  it.each([
    ['error_before', 500, 404],
    ['error_after', 500, 200],
    ['rate_limited', 429, 404],
    ['html_before', 502, 404],
  ] as const)('with %s answers %i, and then %i', async (fault, status, later) => {
    const { sends, sees, simulator } = openTransfers()
    await simulator.misbehave([{ on: 'transfer', fault, times: 1 }])
    expect((await sends(transferOf(1_000))).status).toBe(status)
    expect((await sees()).status).toBe(later)
    expect((await sends(transferOf(1_000))).status).toBe(200)
  })

  it('denies once what it knows', async () => {
    const { sends, sees, simulator } = openTransfers()
    await sends(transferOf(1_000))
    await simulator.misbehave([{ on: 'query_transfer', fault: 'not_found', times: 1 }])
    expect(await sees()).toMatchObject({ status: 404, verified: true, body: { code: 'NOT_FOUND' } })
    expect((await sees()).status).toBe(200)
  })

  it('tells of the end before the beginning is answered', async () => {
    const { sends, simulator, told } = openTransfers()
    await simulator.misbehave([{ on: 'callback', fault: 'early', times: 1 }])
    const created = await sends(transferOf(1_000))
    expect(created.body).toMatchObject({ state: 'WAIT_USER_CONFIRM' })
    expect(told).toMatchObject([{ content: { state: 'SUCCESS' } }])
  })

  it('lies about amount and merchant, signed as validly as the truth', async () => {
    const { sends, simulator, passes, told, merchantAnswers } = openTransfers()
    merchantAnswers(500, 500, 200)
    await simulator.misbehave([
      { on: 'callback', fault: 'wrong_amount', times: 1 },
      { on: 'callback', fault: 'wrong_merchant', times: 1 },
    ])
    await sends(transferOf(1_000))
    await simulator.act(NUMBER, 'pay')
    await passes(5_000)
    await passes(15_000)
    await passes(15_000)
    expect(told.map(({ content }) => [content.transfer_amount, content.mchid])).toEqual([
      [1_001, '1900000109'],
      [1_000, '1900000999'],
      [1_000, '1900000109'],
    ])
  })
})
