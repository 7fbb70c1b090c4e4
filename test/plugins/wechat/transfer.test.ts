import { describe, expect, it } from 'vitest'
import { Rsa } from 'wechatpay-axios-plugin'
import { money, type TransferInput } from '../../../core/plugin/api.ts'
import { openWorld, SETTINGS, signed, unsigned, vectors } from './fake-wechat.ts'
import { jsonOf, TRANSFER, TRANSFER_INPUT, TRANSFERRED } from './fixtures.ts'

type Answer = Parameters<ReturnType<typeof openWorld>['answers']>[0]

const PATH = 'https://api.mch.weixin.qq.com/v3/fund-app/mch-transfer/transfer-bills'
const BILL_NO = TRANSFERRED.transfer_bill_no

const ACCEPTED = {
  out_bill_no: TRANSFER,
  transfer_bill_no: BILL_NO,
  create_time: '2026-01-01T08:10:00+08:00',
  state: 'ACCEPTED',
}
const WAITING = { ...ACCEPTED, state: 'WAIT_USER_CONFIRM', package_info: 'affffddafdfafddffda==' }

async function sent(changes: Partial<TransferInput>, ...answers: Answer[]) {
  const world = openWorld()
  for (const answer of answers) world.answers(answer)
  const outcome = await world.channel.transfer?.send(world.ports, { ...TRANSFER_INPUT, ...changes })
  return { outcome, requests: world.requests }
}

async function asked(answer: Answer) {
  const world = openWorld()
  world.answers(answer)
  const outcome = await world.channel.transfer?.query(world.ports, TRANSFER_INPUT)
  return { outcome, request: world.requests[0] }
}

describe('a transfer', () => {
  it('waits for its payee, with all that the client of WeChat needs', async () => {
    const { outcome, requests } = await sent({}, signed(200, WAITING))
    expect(outcome).toEqual({
      kind: 'requires_action',
      of: 'payee',
      channelTransferNo: BILL_NO,
      clientData:
        '{"mchId":"1900000109","appId":"wx0000000000000001","package":"affffddafdfafddffda=="}',
    })
    expect(requests[0]).toMatchObject({ method: 'POST', url: PATH })
    expect(jsonOf(requests[0])).toEqual({
      appid: 'wx0000000000000001',
      out_bill_no: TRANSFER,
      transfer_scene_id: '1000',
      openid: 'oSharedOpenid000000000000001',
      transfer_amount: 5000,
      transfer_remark: '活动奖励',
      notify_url: 'https://pay.example.com/api/transfer/notify/wxpay/T1',
      transfer_scene_report_infos: [
        { info_type: '活动名称', info_content: '新会员有礼' },
        { info_type: '奖励说明', info_content: '注册会员抽奖一等奖' },
      ],
    })
  })

  it('is for the occasion that the merchant names, told as JSON text', async () => {
    const extra = {
      transferSceneId: '1005',
      transferSceneReportInfos: '[{"infoType":"岗位类型","infoContent":"外卖员"}]',
    }
    const { requests } = await sent({ extra }, signed(200, WAITING))
    expect(jsonOf(requests[0])).toMatchObject({
      transfer_scene_id: '1005',
      transfer_scene_report_infos: [{ info_type: '岗位类型', info_content: '外卖员' }],
    })
  })

  it.each([
    ['nothing', {}],
    ['an empty list', { transferSceneReportInfos: '[]' }],
    ['no list', { transferSceneReportInfos: '{}' }],
    ['no JSON', { transferSceneReportInfos: 'infos' }],
    ['half of an info', { transferSceneReportInfos: '[{"infoType":"活动名称"}]' }],
  ])('is not sent with %s to tell WeChat', async (_, extra) => {
    const { outcome, requests } = await sent({ extra })
    expect(outcome).toEqual({
      kind: 'not_sent',
      reason: expect.stringContaining('input transferSceneReportInfos'),
    })
    expect(requests).toEqual([])
  })

  it('cuts what the payee reads after 32 characters', async () => {
    const { requests } = await sent({ description: '奖'.repeat(33) }, signed(200, WAITING))
    expect(jsonOf(requests[0])).toMatchObject({ transfer_remark: '奖'.repeat(32) })
  })

  it.each([
    [199_999, undefined, 'sent'],
    [200_000, undefined, 'not_sent'],
    [200_000, '', 'not_sent'],
    [200_000, '张三', 'sent'],
    [100, '张三', 'sent'],
  ])('of %i fen to a payee by the name of %s is %s', async (fen, accountName, end) => {
    const name = accountName === undefined ? {} : { accountName }
    const { outcome, requests } = await sent(
      { amount: money(fen, 'CNY'), ...name },
      signed(200, WAITING),
    )
    expect(outcome).toMatchObject({ kind: end === 'sent' ? 'requires_action' : 'not_sent' })
    expect(requests).toHaveLength(end === 'sent' ? 1 : 0)
  })

  it('encrypts the name for WeChat, and says with which key', async () => {
    const { requests } = await sent({ accountName: '张三' }, signed(200, WAITING))
    const { user_name } = jsonOf(requests[0]) as { user_name: string }
    const key = Rsa.fromPkcs8(vectors.ours.platform_private_key_pkcs8)
    expect(Rsa.decrypt(user_name, key)).toBe('张三')
    expect(requests[0]?.headers['Wechatpay-Serial']).toBe(SETTINGS.wechatpayPublicKey.id)
  })

  it.each([
    ['is about another', signed(200, { ...WAITING, out_bill_no: 'T1' })],
    ['has no number', signed(200, { ...WAITING, transfer_bill_no: undefined })],
    ['has no state', signed(200, { ...WAITING, state: undefined })],
    ['is not signed', unsigned(200, WAITING)],
    ['is empty', signed(204, undefined)],
    ['never comes', async () => ({ kind: 'unknown', evidence: 'timeout' }) as const],
  ] satisfies [string, Answer][])('is unknown when the answer %s', async (_, answer) => {
    expect((await sent({}, answer)).outcome).toMatchObject({ kind: 'unknown' })
  })

  it('that succeeded before is asked about: its answer tells no amount', async () => {
    const { outcome } = await sent({}, signed(200, { ...ACCEPTED, state: 'SUCCESS' }))
    expect(outcome).toEqual({ kind: 'pending', channelTransferNo: BILL_NO })
  })

  it('that waits without a package is pending', async () => {
    const { package_info: _, ...rest } = WAITING
    expect((await sent({}, signed(200, rest))).outcome).toMatchObject({ kind: 'pending' })
  })
})

describe('where a transfer stands', () => {
  it('is asked by our number', async () => {
    const { outcome, request } = await asked(signed(200, TRANSFERRED))
    expect(outcome).toEqual({
      kind: 'succeeded',
      channelTransferNo: BILL_NO,
      transferred: money(5000, 'CNY'),
      transferredAtMs: 1_767_226_260_000,
    })
    expect(request).toMatchObject({ method: 'GET', url: `${PATH}/out-bill-no/${TRANSFER}` })
  })

  it.each([
    ['ACCEPTED', { kind: 'pending' }],
    ['PROCESSING', { kind: 'pending' }],
    ['WAIT_USER_CONFIRM', { kind: 'pending' }],
    ['TRANSFERING', { kind: 'pending' }],
    ['CANCELING', { kind: 'pending' }],
    ['SUCCESS', { kind: 'succeeded' }],
    ['FAIL', { kind: 'failed', error: { retry: 'new_attempt' } }],
    ['CANCELLED', { kind: 'closed', reason: 'CANCELLED' }],
    // As others spell it: no end, for WeChat does not say so.
    ['TRANSFERRING', { kind: 'pending' }],
    ['CANCELLING', { kind: 'pending' }],
    ['CANCELED', { kind: 'pending' }],
    ['A_STATE_OF_TOMORROW', { kind: 'pending' }],
    ['constructor', { kind: 'pending' }],
  ])('is the same to the answer, the query and the callback: %s', async (state, standing) => {
    expect((await asked(signed(200, { ...TRANSFERRED, state }))).outcome).toMatchObject(standing)
    const { outcome } = await sent({}, signed(200, { ...TRANSFERRED, state }))
    expect(outcome).toMatchObject(standing)
  })

  it.each([
    ['PAYEE_ACCOUNT_ABNORMAL', 'PAYEE_ACCOUNT_ABNORMAL', 'PAYEE_ACCOUNT_ABNORMAL'],
    ['收款方账户异常', 'FAIL', '收款方账户异常'],
    [null, 'FAIL', 'the transfer failed; the money went back'],
    [undefined, 'FAIL', 'the transfer failed; the money went back'],
  ])('shows why it failed, and decides nothing by it: %s', async (fail_reason, code, message) => {
    const { outcome } = await asked(signed(200, { ...TRANSFERRED, state: 'FAIL', fail_reason }))
    expect(outcome).toEqual({
      kind: 'failed',
      error: { code, message, class: 'payer_declined', retry: 'new_attempt', fault: 'payer' },
    })
  })

  it.each([
    ['is about another', signed(200, { ...TRANSFERRED, out_bill_no: 'T1' })],
    ['succeeded at no time', signed(200, { ...TRANSFERRED, update_time: undefined })],
    ['brought half a fen', signed(200, { ...TRANSFERRED, transfer_amount: 0.5 })],
    ['brought text', signed(200, { ...TRANSFERRED, transfer_amount: '5000' })],
    ['is not signed', unsigned(200, TRANSFERRED)],
  ])('is unknown when the answer %s', async (_, answer) => {
    expect((await asked(answer)).outcome).toMatchObject({ kind: 'unknown' })
  })
})

describe('a refusal of a transfer', () => {
  const refused = unsigned(403, { code: 'NOT_ENOUGH', message: '资金不足' })
  const notFound = unsigned(404, { code: 'NOT_FOUND', message: '记录不存在' })

  it('is the end of it only when WeChat knows no such number', async () => {
    const { outcome, requests } = await sent({}, refused, notFound)
    expect(outcome).toEqual({
      kind: 'failed',
      error: {
        code: 'NOT_ENOUGH',
        message: '资金不足',
        class: 'not_enough_merchant_balance',
        retry: 'same_key',
        fault: 'merchant',
      },
    })
    expect(requests.map(({ method, url }) => `${method} ${url}`)).toEqual([
      `POST ${PATH}`,
      `GET ${PATH}/out-bill-no/${TRANSFER}`,
    ])
  })

  it('is nothing when an earlier send got through', async () => {
    expect((await sent({}, refused, signed(200, TRANSFERRED))).outcome).toMatchObject({
      kind: 'succeeded',
    })
    const waits = signed(200, { ...TRANSFERRED, state: 'PROCESSING' })
    expect((await sent({}, refused, waits)).outcome).toMatchObject({ kind: 'pending' })
  })

  it.each([
    ['is lost', async () => ({ kind: 'unknown', evidence: 'reset' }) as const],
    ['is a system error', unsigned(500, { code: 'SYSTEM_ERROR' })],
    ['is not signed', unsigned(200, TRANSFERRED)],
    ['is another code', unsigned(401, { code: 'SIGN_ERROR' })],
    ['is too many', unsigned(429, { code: 'FREQUENCY_LIMITED' })],
  ] satisfies [string, Answer][])(
    'leaves it unknown when the answer to that %s',
    async (_, answer) => {
      const { outcome } = await sent({}, refused, answer)
      expect(outcome).toMatchObject({ kind: 'unknown', error: { code: 'NOT_ENOUGH' } })
    },
  )
})

describe('a transfer that is taken back', () => {
  const cancel = async (answer: Answer) => {
    const world = openWorld()
    world.answers(answer)
    const outcome = await world.channel.transfer?.cancel?.(world.ports, TRANSFER_INPUT)
    return { outcome, request: world.requests[0] }
  }
  const CANCELED = {
    out_bill_no: TRANSFER,
    transfer_bill_no: BILL_NO,
    state: 'CANCELING',
    update_time: '2026-01-01T08:12:00+08:00',
  }

  it.each(['CANCELING', 'CANCELLED'])('is accepted, and ends later: %s', async (state) => {
    const { outcome, request } = await cancel(signed(200, { ...CANCELED, state }))
    expect(outcome).toEqual({ kind: 'accepted' })
    expect(request).toMatchObject({
      method: 'POST',
      url: `${PATH}/out-bill-no/${TRANSFER}/cancel`,
    })
    expect(request).not.toHaveProperty('body')
  })

  it.each([
    ['is about another', signed(200, { ...CANCELED, out_bill_no: 'T1' })],
    ['is not signed', unsigned(200, CANCELED)],
    ['is a system error', unsigned(500, { code: 'SYSTEM_ERROR' })],
  ])('is unknown when the answer %s', async (_, answer) => {
    expect((await cancel(answer)).outcome).toMatchObject({ kind: 'unknown' })
  })

  it('is refused with the reason that WeChat gives', async () => {
    const { outcome } = await cancel(unsigned(400, { code: 'INVALID_REQUEST', message: '已领取' }))
    expect(outcome).toMatchObject({ kind: 'refused', error: { message: '已领取' } })
  })
})
