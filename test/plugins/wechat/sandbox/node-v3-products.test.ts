/** wechatpay-node-v3 against the simulator: what it signs for clients, shares and bills. */
import { createHash } from 'node:crypto'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import WxPay from 'wechatpay-node-v3'
import { PayRequest } from 'wechatpay-node-v3/dist/lib/pay-request.js'
import { DEMO_MERCHANT, PLATFORM_PUBLIC_KEY } from '../../../../plugins/wechat/sandbox/keys.ts'
import { openLiveWechat, order, refund } from './sdk-kit.ts'

let live: Awaited<ReturnType<typeof openLiveWechat>>
let wxpay: WxPay
beforeEach(async () => {
  vi.useFakeTimers({ toFake: ['Date'], now: Date.parse('2026-01-01T08:00:00+08:00') })
  live = await openLiveWechat({ splitTakesMs: 0 })
  wxpay = new WxPay({
    appid: 'wx0000000000000001',
    mchid: '1900000109',
    serial_no: DEMO_MERCHANT.serial,
    publicKey: Buffer.from(DEMO_MERCHANT.publicKey),
    privateKey: Buffer.from(DEMO_MERCHANT.privateKey),
    key: DEMO_MERCHANT.apiV3Key,
  })
  const http = new PayRequest()
  const here = (url: string) => url.replace('https://api.mch.weixin.qq.com', live.url)
  wxpay.createHttp({
    get: (url, headers) => http.get(here(url), headers),
    post: (url, body, headers) => http.post(here(url), body, headers),
    upload: (url, body, headers) => http.upload(here(url), body, headers),
  })
})
afterEach(async () => {
  vi.useRealTimers()
  await live.close()
})

async function passes(ms: number) {
  vi.setSystemTime(Date.now() + ms)
  await live.simulator.tick()
}

it('signs for a page and for an app what the payer’s client then opens', async () => {
  const payer = { openid: 'oSharedOpenid000000000000001' }
  const page = await wxpay.transactions_jsapi({ ...order('CLIENT0001'), payer })
  expect(await live.simulator.open?.(JSON.stringify(page.data))).toEqual({ number: 'CLIENT0001' })
  const app = await wxpay.transactions_app(order('CLIENT0002'))
  expect(await live.simulator.open?.(JSON.stringify(app.data))).toEqual({ number: 'CLIENT0002' })
})

it('shares, asks, frees and takes back', async () => {
  const settle_info = { profit_sharing: true }
  await wxpay.transactions_native({ ...order('SHARE0001'), settle_info })
  await live.simulator.act('SHARE0001', 'pay')
  const seen = await wxpay.query({ out_trade_no: 'SHARE0001' })
  const transaction_id = String(seen.data.transaction_id)
  const platformKey = Buffer.from(PLATFORM_PUBLIC_KEY.publicKey)
  const receiver = { type: 'MERCHANT_ID', account: '1900000300' } as const
  const name = wxpay.publicEncrypt('某某商城', platformKey)
  const wx_serial_no = PLATFORM_PUBLIC_KEY.serial
  const added = { ...receiver, name, relation_type: 'STORE', wx_serial_no } as const
  expect(await wxpay.profitsharing_receivers_add(added)).toMatchObject({ status: 200 })

  await passes(60_000)
  const split = await wxpay.create_profitsharing_orders({
    transaction_id,
    out_order_no: 'S1',
    receivers: [{ ...receiver, amount: 30, description: '分成' }],
    unfreeze_unsplit: false,
    wx_serial_no,
  })
  expect(split).toMatchObject({ status: 200, data: { state: 'PROCESSING' } })
  await passes(1)
  expect(await wxpay.query_profitsharing_orders(transaction_id, 'S1')).toMatchObject({
    data: { state: 'FINISHED', receivers: [{ result: 'SUCCESS' }] },
  })
  expect(await wxpay.query_profitsharing_amounts(transaction_id)).toMatchObject({
    data: { unsplit_amount: 69 },
  })
  const rest = { transaction_id, out_order_no: 'S2', description: '解冻' }
  expect(await wxpay.profitsharing_orders_unfreeze(rest)).toMatchObject({ status: 200 })
  const back = {
    out_order_no: 'S1',
    out_return_no: 'B1',
    return_mchid: receiver.account,
    amount: 10,
    description: '退货',
  }
  expect(await wxpay.profitsharing_return_orders(back)).toMatchObject({ status: 200 })
  await passes(1)
  expect(await wxpay.query_profitsharing_return_orders('B1', 'S1')).toMatchObject({
    data: { result: 'SUCCESS' },
  })
  expect(await wxpay.profitsharing_receivers_delete(receiver)).toMatchObject({ status: 200 })
})

it('fetches bills that hash to what was answered', async () => {
  await wxpay.transactions_native(order('BILLED0001'))
  await live.simulator.act('BILLED0001', 'pay')
  await wxpay.refunds(refund('BILLED0001', 'R1', 40))
  await passes(86_400_000 + 2 * 3_600_000)
  const trade = await wxpay.tradebill({ bill_date: '2026-01-01', bill_type: 'ALL' })
  const funds = await wxpay.fundflowbill({ bill_date: '2026-01-01', account_type: 'BASIC' })
  for (const { data } of [trade, funds]) {
    // It cuts WeChat's host off before it signs, so it has to be that one.
    const url = String(data.download_url).replace(live.url, 'https://api.mch.weixin.qq.com')
    const file = await wxpay.downloadBill(url)
    expect(file.status).toBe(200)
    expect(createHash('sha1').update(file.data).digest('hex')).toBe(data.hash_value)
  }
})
