/**
 * wechatpay-axios-plugin against the simulator, for what is no plain payment of a direct merchant:
 * APIv2 at the till, service providers, transfers, shares and bills.
 */
import { createHash } from 'node:crypto'
import { gunzipSync } from 'node:zlib'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { Aes, Formatter, Rsa, Wechatpay } from 'wechatpay-axios-plugin'
import { DEMO_MERCHANT, PLATFORM_PUBLIC_KEY } from '../../../../plugins/wechat/sandbox/keys.ts'
import { DEMO_PROVIDER } from '../../../../plugins/wechat/sandbox/provider-keys.ts'
import { openLiveWechat, order, type Told } from './sdk-kit.ts'

const DAY_MS = 86_400_000
const SERIAL = { 'Wechatpay-Serial': PLATFORM_PUBLIC_KEY.serial }

let live: Awaited<ReturnType<typeof openLiveWechat>>
beforeEach(async () => {
  // The SDK and the simulator both live by this clock; sockets and timers do not.
  vi.useFakeTimers({ toFake: ['Date'], now: Date.parse('2026-01-01T08:00:00+08:00') })
  live = await openLiveWechat({ splitTakesMs: 0, transferTakesMs: 0 })
})
afterEach(async () => {
  vi.useRealTimers()
  await live.close()
})

type Signer = typeof DEMO_MERCHANT | typeof DEMO_PROVIDER

function clientOf({ mchid, serial, privateKey, apiV2Key }: Signer) {
  return new Wechatpay({
    mchid,
    serial,
    privateKey,
    certs: { [PLATFORM_PUBLIC_KEY.serial]: PLATFORM_PUBLIC_KEY.publicKey },
    secret: apiV2Key,
    baseURL: live.url,
  })
}

async function passes(ms: number) {
  vi.setSystemTime(Date.now() + ms)
  await live.simulator.tick()
}

const sealed = (text: string) => Rsa.encrypt(text, PLATFORM_PUBLIC_KEY.publicKey)

function read({ headers, body }: Told, { apiV3Key }: Signer): Record<string, unknown> {
  const header = (name: string) => headers.get(`wechatpay-${name}`) ?? ''
  const message = Formatter.response(header('timestamp'), header('nonce'), body)
  expect(Rsa.verify(message, header('signature'), PLATFORM_PUBLIC_KEY.publicKey)).toBe(true)
  const { ciphertext, nonce, associated_data } = JSON.parse(body).resource
  return JSON.parse(Aes.AesGcm.decrypt(ciphertext, apiV3Key, nonce, associated_data))
}

describe.each(['MD5', 'HMAC-SHA256'])('at the till, signed with %s', (sign_type) => {
  const IDS = { appid: 'wx0000000000000001', mch_id: '1900000109', sign_type }

  async function scan(out_trade_no: string, outcome: string) {
    const codes = (await live.simulator.payerCodes?.()) ?? []
    const auth_code = codes.find((code) => code.outcome === outcome)?.code ?? ''
    const made = { body: '咖啡 & <蛋糕>', out_trade_no, total_fee: '100' }
    const members = { ...IDS, ...made, spbill_create_ip: '203.0.113.7', auth_code }
    return clientOf(DEMO_MERCHANT).chain('v2/pay/micropay').post(members)
  }

  it('charges a code, asks, and reverses', async () => {
    const client = clientOf(DEMO_MERCHANT)
    const data: Record<string, unknown> = (await scan('TILL0001', 'paid')).data
    expect(data).toMatchObject({
      result_code: 'SUCCESS',
      trade_type: 'MICROPAY',
      total_fee: '100',
      time_end: '20260101080000',
    })
    const asked = await client
      .chain('v2/pay/orderquery')
      .post({ ...IDS, transaction_id: data.transaction_id })
    expect(asked.data).toMatchObject({ trade_state: 'SUCCESS', out_trade_no: 'TILL0001' })
    await passes(15_000)
    const reversed = await client
      .chain('v2/secapi/pay/reverse')
      .post({ ...IDS, out_trade_no: 'TILL0001' })
    expect(reversed.data).toMatchObject({ result_code: 'SUCCESS', recall: 'N' })
    const after = await client.chain('v2/pay/orderquery').post({ ...IDS, out_trade_no: 'TILL0001' })
    expect(after.data).toMatchObject({ trade_state: 'REVOKED' })
  })

  it.each([
    ['password', 'USERPAYING'],
    ['insufficient_balance', 'NOTENOUGH'],
    ['expired', 'AUTHCODEEXPIRE'],
    ['system_error_but_paid', 'SYSTEMERROR'],
  ])('hears of a code of %s that it is %s', async (outcome, err_code) => {
    await expect(scan('TILL0002', outcome)).rejects.toMatchObject({
      code: 'EV2_RES_STATUS_CODE_NOT_SUCESS',
      response: { data: { result_code: 'FAIL', err_code } },
    })
  })

  it('notices an answer whose signature is bad', async () => {
    await live.simulator.misbehave([{ on: 'pay', fault: 'bad_signature', times: 1 }])
    await expect(scan('TILL0003', 'paid')).rejects.toMatchObject({
      code: 'EV2_RES_SIGNATURE_NOT_EQUAL',
    })
  })

  it('is turned away, unsigned, with a wrong key', async () => {
    const other = { ...DEMO_MERCHANT, apiV2Key: DEMO_PROVIDER.apiV2Key } as unknown as Signer
    const asked = clientOf(other)
      .chain('v2/pay/orderquery')
      .post({ ...IDS, out_trade_no: 'TILL0004' })
    await expect(asked).rejects.toMatchObject({
      response: { data: { return_code: 'FAIL', return_msg: '签名错误' } },
    })
  })
})

describe('as a service provider', () => {
  const SP = { sp_appid: 'wx0000000000000010', sp_mchid: '1900000100' }
  const SUB = { sub_mchid: '1900000201' }

  it('makes orders for a sub-merchant, asks, closes, refunds, and reads what it is told', async () => {
    const client = clientOf(DEMO_PROVIDER)
    const partner = 'v3/pay/partner/transactions'
    const native = await client
      .chain(`${partner}/native`)
      .post({ ...SP, ...SUB, ...order('PARTNER0001') })
    expect(native.data).toMatchObject({ code_url: expect.stringMatching(/^weixin:/) })
    await live.simulator.act('PARTNER0001', 'pay')
    const query = client.chain(`${partner}/out-trade-no/{no}`)
    const seen = await query.get({ no: 'PARTNER0001', params: { sp_mchid: SP.sp_mchid, ...SUB } })
    expect(seen.data).toMatchObject({ trade_state: 'SUCCESS', ...SUB })
    const others = { sp_mchid: SP.sp_mchid, sub_mchid: '1900000202' }
    await expect(query.get({ no: 'PARTNER0001', params: others })).rejects.toMatchObject({
      response: { status: 400 },
    })
    const refund = {
      ...SUB,
      transaction_id: seen.data.transaction_id,
      out_refund_no: 'R1',
      notify_url: 'http://127.0.0.1:9/n/wx/refund',
      amount: { refund: 40, total: 100, currency: 'CNY' },
    }
    await client.chain('v3/refund/domestic/refunds').post(refund)
    await passes(1)
    expect(live.told.map((told) => read(told, DEMO_PROVIDER))).toMatchObject([
      { out_trade_no: 'PARTNER0001', trade_state: 'SUCCESS', ...SUB },
      { out_refund_no: 'R1', refund_status: 'SUCCESS', ...SUB },
    ])

    await client.chain(`${partner}/app`).post({ ...SP, ...SUB, ...order('PARTNER0002') })
    const closed = await client
      .chain(`${partner}/out-trade-no/{no}/close`)
      .post({ sp_mchid: SP.sp_mchid, ...SUB }, { no: 'PARTNER0002' })
    expect(closed.status).toBe(204)
  })

  it('fetches what moved in the account of a sub-merchant, and decrypts it', async () => {
    const client = clientOf(DEMO_PROVIDER)
    await client
      .chain('v3/pay/partner/transactions/native')
      .post({ ...SP, ...SUB, ...order('PARTNER0003') })
    await live.simulator.act('PARTNER0003', 'pay')
    await passes(DAY_MS + 2 * 3_600_000)
    const params = {
      ...SUB,
      bill_date: '2026-01-01',
      account_type: 'BASIC',
      algorithm: 'AEAD_AES_256_GCM',
    }
    const asked = await client.chain('v3/bill/sub-merchant-fundflowbill').get({ params })
    expect(asked.data).toMatchObject({ download_bill_count: 1 })
    const [file] = asked.data.download_bill_list
    const key = Rsa.decrypt(file.encrypt_key, DEMO_PROVIDER.privateKey)
    const fetched = await download(client, file.download_url)
    const text = Aes.AesGcm.decrypt(fetched.toString('base64'), key, file.nonce, '')
    expect(createHash('sha1').update(text).digest('hex')).toBe(file.hash_value)
    expect(text.split('\r\n')[1]).toMatch(
      /^`2026-01-01 08:00:00,`42000\d{23},`19\d+,`交易,`交易,`收入,`1\.00,/,
    )
  })
})

async function download(client: Wechatpay, url: string): Promise<Buffer> {
  const { pathname, search } = new URL(url)
  const answer = await client
    .chain(`${pathname.slice(1)}${search}`)
    .get<ArrayBuffer>({ responseType: 'arraybuffer', transformResponse: [] })
  return Buffer.from(answer.data)
}

describe('transfers, shares and bills of a direct merchant', () => {
  const IDS = { appid: 'wx0000000000000001' }

  it('sends a transfer under an encrypted name, cancels it, and reads what it is told', async () => {
    const client = clientOf(DEMO_MERCHANT)
    const bills = 'v3/fund-app/mch-transfer/transfer-bills'
    const transfer = {
      ...IDS,
      out_bill_no: 'BILL0001',
      transfer_scene_id: '1000',
      openid: 'oSharedOpenid000000000000001',
      user_name: sealed('张三'),
      transfer_amount: 200_000,
      transfer_remark: '奖励',
      notify_url: 'http://127.0.0.1:9/n/wx/transfer',
      transfer_scene_report_infos: [
        { info_type: '活动名称', info_content: '新会员' },
        { info_type: '奖励说明', info_content: '抽奖' },
      ],
    }
    const sent = await client.chain(bills).post(transfer, { headers: SERIAL })
    expect(sent.data).toMatchObject({ state: 'WAIT_USER_CONFIRM', out_bill_no: 'BILL0001' })
    // The name is encrypted anew, and is the same name.
    const again = { ...transfer, user_name: sealed('张三') }
    expect((await client.chain(bills).post(again, { headers: SERIAL })).data).toEqual(sent.data)
    const asked = await client.chain(`${bills}/out-bill-no/{no}`).get({ no: 'BILL0001' })
    expect(Rsa.decrypt(String(asked.data.user_name), DEMO_MERCHANT.privateKey)).toBe('张三')
    const cancelled = await client
      .chain(`${bills}/out-bill-no/{no}/cancel`)
      .post({}, { no: 'BILL0001' })
    expect(cancelled.data).toMatchObject({ state: 'CANCELING' })
    await passes(1)
    expect(live.told.map((told) => read(told, DEMO_MERCHANT))).toMatchObject([
      { out_bill_no: 'BILL0001', state: 'CANCELLED', mchid: '1900000109' },
    ])
  })

  it('binds, shares, asks, frees, takes back and unbinds', async () => {
    const client = clientOf(DEMO_MERCHANT)
    const settle_info = { profit_sharing: true }
    const ids = { ...IDS, mchid: '1900000109' }
    await client
      .chain('v3/pay/transactions/native')
      .post({ ...ids, ...order('SHARE0001'), settle_info })
    await live.simulator.act('SHARE0001', 'pay')
    const seen = await client
      .chain('v3/pay/transactions/out-trade-no/{no}')
      .get({ no: 'SHARE0001', params: { mchid: '1900000109' } })
    const transaction_id = String(seen.data.transaction_id)
    const receiver = { type: 'MERCHANT_ID', account: '1900000300' }
    const named = { ...IDS, ...receiver, name: sealed('某某商城'), relation_type: 'STORE' }
    const added = await client
      .chain('v3/profitsharing/receivers/add')
      .post(named, { headers: SERIAL })
    expect(added.data).toMatchObject(receiver)

    await passes(60_000)
    const split = {
      ...IDS,
      transaction_id,
      out_order_no: 'S1',
      receivers: [{ ...receiver, name: sealed('某某商城'), amount: 30, description: '分成' }],
      unfreeze_unsplit: false,
    }
    await client.chain('v3/profitsharing/orders').post(split, { headers: SERIAL })
    await passes(1)
    const ended = await client
      .chain('v3/profitsharing/orders/{no}')
      .get({ no: 'S1', params: { transaction_id } })
    expect(ended.data).toMatchObject({ state: 'FINISHED', receivers: [{ result: 'SUCCESS' }] })
    const left = await client
      .chain('v3/profitsharing/transactions/{id}/amounts')
      .get({ id: transaction_id })
    // One fen of 100 is WeChat's.
    expect(left.data).toEqual({ transaction_id, unsplit_amount: 69 })
    await client
      .chain('v3/profitsharing/orders/unfreeze')
      .post({ transaction_id, out_order_no: 'S2', description: '解冻' })
    const back = {
      out_order_no: 'S1',
      out_return_no: 'B1',
      return_mchid: receiver.account,
      amount: 10,
      description: '退货',
    }
    await client.chain('v3/profitsharing/return-orders').post(back)
    await passes(1)
    const returned = await client
      .chain('v3/profitsharing/return-orders/{no}')
      .get({ no: 'B1', params: { out_order_no: 'S1' } })
    expect(returned.data).toMatchObject({ result: 'SUCCESS', amount: 10 })
    const removed = await client
      .chain('v3/profitsharing/receivers/delete')
      .post({ ...IDS, ...receiver })
    expect(removed.data).toEqual(receiver)
  })

  it.each([
    ['v3/bill/tradebill', { bill_type: 'ALL' }, 27],
    ['v3/bill/tradebill', { bill_type: 'SUCCESS' }, 20],
    ['v3/bill/tradebill', { bill_type: 'REFUND' }, 29],
    ['v3/bill/fundflowbill', { account_type: 'BASIC' }, 11],
  ])('fetches a bill of %s with %o, packed and unpacked', async (path, params, columns) => {
    const client = clientOf(DEMO_MERCHANT)
    const ids = { ...IDS, mchid: '1900000109' }
    await client.chain('v3/pay/transactions/native').post({ ...ids, ...order('BILLED0001') })
    await live.simulator.act('BILLED0001', 'pay')
    await client.chain('v3/refund/domestic/refunds').post({
      out_trade_no: 'BILLED0001',
      out_refund_no: 'R1',
      amount: { refund: 40, total: 100, currency: 'CNY' },
    })
    await passes(DAY_MS + 2 * 3_600_000)
    const texts: string[] = []
    for (const tar_type of [undefined, 'GZIP']) {
      const asked = await client
        .chain(path)
        .get({ params: { bill_date: '2026-01-01', ...params, tar_type } })
      const bytes = await download(client, String(asked.data.download_url))
      const file = tar_type === undefined ? bytes : gunzipSync(bytes)
      expect(createHash('sha1').update(file).digest('hex')).toBe(asked.data.hash_value)
      texts.push(file.toString('utf8'))
    }
    expect(texts[0]).toBe(texts[1])
    const [header, first] = String(texts[0]).split('\r\n')
    expect(header?.startsWith('\ufeff')).toBe(true)
    expect(header?.split(',')).toHaveLength(columns)
    expect(first?.slice(1).split(',`')).toHaveLength(columns)
    // A token is good for five minutes, and for who asked.
    const asked = await client.chain(path).get({ params: { bill_date: '2026-01-01', ...params } })
    const url = String(asked.data.download_url)
    await expect(download(clientOf(DEMO_PROVIDER), url)).rejects.toMatchObject({
      response: { status: 400 },
    })
    await passes(300_000)
    await expect(download(client, url)).rejects.toMatchObject({ response: { status: 400 } })
  })
})
