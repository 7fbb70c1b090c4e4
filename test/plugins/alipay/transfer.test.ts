import { describe, expect, it } from 'vitest'
import { money } from '../../../core/plugin/api.ts'
import {
  APP_SERIAL,
  CERTIFICATE_SETTINGS,
  content,
  gatewayError,
  lost,
  NOW_MS,
  ok,
  openWorld,
  page,
  refused,
  SETTINGS,
  sent,
  TRANSFER,
  TRANSFER_INPUT,
} from './fake-alipay.ts'

type Answers = Parameters<ReturnType<typeof openWorld>['answers']>[0]

function openTransfer(settings: object, ...answers: Answers[]) {
  const world = openWorld(settings)
  for (const answer of answers) world.answers(answer)
  const { transfer } = world.channel
  if (transfer === undefined) throw new Error('the channel sends nothing')
  return { ...world, transfer }
}

const certified = (...answers: Answers[]) => openTransfer(CERTIFICATE_SETTINGS, ...answers)

const SENT = {
  out_biz_no: TRANSFER,
  order_id: '20260101110070000006000000000001',
  pay_fund_order_id: '20260101110070001506000000000002',
  status: 'SUCCESS',
  trans_date: '2026-01-01 08:00:07',
}
const DONE = {
  kind: 'succeeded',
  channelTransferNo: '20260101110070000006000000000001',
  transferred: money(1234, 'CNY'),
  transferredAtMs: NOW_MS + 7_000,
}
const CARD = {
  ...TRANSFER_INPUT,
  entry: 'BANK_CARD',
  account: '6222020000000000000',
  accountName: '张三',
  bankName: '招商银行',
  extra: { bankCode: 'CMB', bankBranchName: '望京支行', bankProvince: '北京', bankCity: '北京' },
}

describe('a transfer', () => {
  it('to an account is over with its answer', async () => {
    const world = certified(ok(SENT))
    expect(await world.transfer.send(world.ports, TRANSFER_INPUT)).toEqual(DONE)
    const [request] = world.requests
    expect(request?.timeoutMs).toBe(15_000)
    expect(sent(request)).toMatchObject({
      method: 'alipay.fund.trans.uni.transfer',
      app_cert_sn: APP_SERIAL,
      alipay_root_cert_sn: expect.stringMatching(/^[0-9a-f]{32}(_[0-9a-f]{32})*$/),
    })
    expect(content(request)).toEqual({
      out_biz_no: TRANSFER,
      trans_amount: '12.34',
      product_code: 'TRANS_ACCOUNT_NO_PWD',
      biz_scene: 'DIRECT_TRANSFER',
      order_title: '工资',
      remark: '工资',
      payee_info: { identity: '2088000000000300', identity_type: 'ALIPAY_USER_ID' },
    })
  })

  it.each([
    ['who@example.com', '张三', 'ALIPAY_LOGON_ID'],
    ['13800000000', '张三', 'ALIPAY_LOGON_ID'],
    ['0712openId-_', undefined, 'ALIPAY_OPEN_ID'],
    ['2088000000000300', '张三', 'ALIPAY_USER_ID'],
  ])('names %s (%s) as %s', async (account, accountName, identity_type) => {
    const world = certified(ok(SENT))
    const named = accountName !== undefined && { accountName }
    await world.transfer.send(world.ports, { ...TRANSFER_INPUT, account, ...named })
    expect(content(world.requests[0])).toMatchObject({
      payee_info: {
        identity: account,
        identity_type,
        ...(accountName !== undefined && { name: accountName }),
      },
    })
  })

  it('to a bank card says whose it is and where', async () => {
    const world = certified(ok({ ...SENT, status: 'DEALING' }))
    expect(await world.transfer.send(world.ports, CARD)).toEqual({
      kind: 'pending',
      channelTransferNo: SENT.order_id,
    })
    expect(content(world.requests[0])).toMatchObject({
      product_code: 'TRANS_BANKCARD_NO_PWD',
      biz_scene: 'DIRECT_TRANSFER',
      payee_info: {
        identity: '6222020000000000000',
        identity_type: 'BANKCARD_ACCOUNT',
        name: '张三',
        bankcard_ext_info: {
          account_type: '2',
          inst_name: '招商银行',
          inst_branch_name: '望京支行',
          inst_province: '北京',
          inst_city: '北京',
          bank_code: 'CMB',
        },
      },
    })
  })

  it('says what it is for where Alipay wants to know', async () => {
    const world = certified(ok(SENT))
    const extra = { transferSceneName: '佣金报酬' }
    await world.transfer.send(world.ports, { ...TRANSFER_INPUT, extra })
    expect(content(world.requests[0])).toMatchObject({ transfer_scene_name: '佣金报酬' })
  })

  it.each([
    ['a login name without a name', { account: 'who@example.com' }],
    ['a bank card without a name', { entry: 'BANK_CARD', account: '6222020000000000000' }],
    ['an entry that Alipay does not have', { entry: 'WX_CASH' }],
  ])('to %s is not sent', async (_what, changes) => {
    const world = certified()
    const input = { ...TRANSFER_INPUT, ...changes }
    expect(await world.transfer.send(world.ports, input)).toMatchObject({ kind: 'not_sent' })
    expect(world.requests).toEqual([])
  })

  it('is neither sent nor asked about in key mode, which Alipay does not take', async () => {
    const world = openTransfer(SETTINGS)
    const because = { kind: 'not_sent', reason: expect.stringContaining('certificate') }
    expect(await world.transfer.send(world.ports, TRANSFER_INPUT)).toEqual(because)
    expect(await world.transfer.query(world.ports, TRANSFER_INPUT)).toEqual(because)
  })

  it.each([
    ['DEALING', { kind: 'pending' }],
    ['WAIT_PAY', { kind: 'pending' }],
    ['SOMETHING_NEW', { kind: 'pending' }],
    ['CLOSED', { kind: 'closed' }],
    ['REFUND', { kind: 'closed' }],
    ['FAIL', { kind: 'failed' }],
  ])('that is %s', async (status, outcome) => {
    const world = certified(ok({ ...SENT, status }))
    expect(await world.transfer.send(world.ports, TRANSFER_INPUT)).toMatchObject(outcome)
  })

  it.each([
    ['nobody answers', lost],
    ['a proxy answers', page(502, '')],
    ['nobody signed it', ok(SENT, { sign: '' })],
    ['it is about another transfer', ok({ ...SENT, out_biz_no: 'T2' })],
    ['it has no number', ok({ ...SENT, order_id: undefined, pay_fund_order_id: undefined })],
    ['it has no status', ok({ ...SENT, status: undefined })],
    ['the service was not available', gatewayError('20000', 'isp.unknow-error')],
    ['there are too many calls', gatewayError('40005', '')],
    ['the system had an error', refused('SYSTEM_ERROR')],
    ['it is being processed', refused('REQUEST_PROCESSING')],
    ['it is being dealt with', refused('TRANS_ORDER_DEALING')],
    ['the process failed', refused('PROCESS_FAIL')],
    ['the bank did not say', refused('BANK_RESPONSE_ERROR')],
    ['the number was used before', refused('BIZ_UNIQUE_EXCEPTION')],
    ['the number was used for something else', refused('REP_INCONSISTENT')],
    ['the code is a new one', refused('SOMETHING_NEW')],
    ['a refusal is not signed', refused('PAYEE_NOT_EXIST', { sign: '' })],
  ])('is unknown when %s', async (_because, answers) => {
    const world = certified(answers)
    const outcome = await world.transfer.send(world.ports, TRANSFER_INPUT)
    expect(outcome).toMatchObject({ kind: 'unknown' })
  })

  it.each([
    ['PAYER_BALANCE_NOT_ENOUGH', 'not_enough_merchant_balance'],
    ['PAYEE_NOT_EXIST', 'invalid_request'],
    ['EXCEED_LIMIT_DM_AMOUNT', 'risk'],
    ['PERMIT_CHECK_PERM_LIMITED', 'risk'],
    ['PRODUCT_NOT_SIGN', 'unauthorised'],
  ])('has failed with %s', async (code, errorClass) => {
    const world = certified(refused(code))
    expect(await world.transfer.send(world.ports, TRANSFER_INPUT)).toMatchObject({
      kind: 'failed',
      error: { code, class: errorClass },
    })
  })

  it('was not sent when the gateway turned it away', async () => {
    const world = certified(gatewayError('40006', 'isv.insufficient-isv-permissions'))
    const outcome = await world.transfer.send(world.ports, TRANSFER_INPUT)
    expect(outcome).toMatchObject({ kind: 'not_sent' })
  })
})

describe('how a transfer stands', () => {
  const FOUND = {
    ...SENT,
    trans_date: undefined,
    trans_amount: '12.34',
    pay_date: '2026-01-01 08:00:07',
  }

  it.each([
    ['ALIPAY_CASH', 'TRANS_ACCOUNT_NO_PWD'],
    ['BANK_CARD', 'TRANS_BANKCARD_NO_PWD'],
  ])('of %s is asked under its product', async (entry, product_code) => {
    const world = certified(ok(FOUND))
    expect(await world.transfer.query(world.ports, { transferId: TRANSFER, entry })).toEqual(DONE)
    expect(sent(world.requests[0]).method).toBe('alipay.fund.trans.common.query')
    expect(content(world.requests[0])).toEqual({
      out_biz_no: TRANSFER,
      product_code,
      biz_scene: 'DIRECT_TRANSFER',
    })
  })

  it('says why it failed', async () => {
    const failed = { status: 'FAIL', error_code: 'CARD_BIN_ERROR', fail_reason: '卡号有误' }
    const world = certified(ok({ ...FOUND, ...failed }))
    expect(await world.transfer.query(world.ports, TRANSFER_INPUT)).toMatchObject({
      kind: 'failed',
      error: { code: 'CARD_BIN_ERROR', message: '卡号有误', class: 'invalid_request' },
    })
  })

  it.each([
    ['it is not known', refused('ORDER_NOT_EXIST'), 'not_found'],
    ['nobody answers', lost, 'unknown'],
    ['it does not say how much', ok({ ...FOUND, trans_amount: undefined }), 'unknown'],
    ['it is about another', ok({ ...FOUND, out_biz_no: 'T2' }), 'unknown'],
    ['nobody signed that it is not known', refused('ORDER_NOT_EXIST', { sign: '' }), 'unknown'],
    ['the system had an error', refused('SYSTEM_ERROR'), 'unknown'],
    ['we may not ask', gatewayError('40006', ''), 'unknown'],
    ['there are too many calls', gatewayError('40005', ''), 'not_sent'],
  ])('when %s', async (_because, answers, kind) => {
    const world = certified(answers)
    expect(await world.transfer.query(world.ports, TRANSFER_INPUT)).toMatchObject({ kind })
  })

  it('cannot be changed: a transfer has no cancel', () => {
    const { manifest, transfer } = openWorld(CERTIFICATE_SETTINGS).channel
    expect(transfer?.cancel).toBeUndefined()
    expect(manifest.capabilities.transfer).toMatchObject({ cancellable: false, needsPayee: false })
  })
})
