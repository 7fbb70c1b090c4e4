/**
 * wechatpay-node-v3 against the simulator. It has its host written into it, and lets the HTTP client
 * be replaced: ours is its own, but for the host.
 */
import { afterAll, beforeAll, expect, it } from 'vitest'
import WxPay from 'wechatpay-node-v3'
import { PayRequest } from 'wechatpay-node-v3/dist/lib/pay-request.js'
import { DEMO_MERCHANT } from '../../../../plugins/wechat/sandbox/keys.ts'
import { openLiveWechat, order, refund, type Told } from './sdk-kit.ts'

const NUMBER = 'V320260101000001'
const REFUND = 'V3R20260101000001'

let live: Awaited<ReturnType<typeof openLiveWechat>>
let wxpay: WxPay
beforeAll(async () => {
  live = await openLiveWechat({ verification: 'certificates' })
  wxpay = new WxPay({
    appid: 'wx0000000000000001',
    mchid: '1900000109',
    // It sends the serial as it is given; in lower case when it reads it from a certificate.
    serial_no: DEMO_MERCHANT.serial.toLowerCase(),
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
afterAll(() => live.close())

/** Verifies as its documentation says (it fetches the certificates itself), then decrypts. */
async function read({ headers, body }: Told): Promise<unknown> {
  const header = (name: string) => headers.get(`wechatpay-${name}`) ?? ''
  const told = {
    timestamp: header('timestamp'),
    nonce: header('nonce'),
    serial: header('serial'),
    signature: header('signature'),
    body,
  }
  expect(await wxpay.verifySign(told)).toBe(true)
  expect(await wxpay.verifySign({ ...told, body: body.replace('EV-', 'EW-') })).toBe(false)
  const { ciphertext, nonce, associated_data } = JSON.parse(body).resource
  return wxpay.decipher_gcm(ciphertext, associated_data, nonce, DEMO_MERCHANT.apiV3Key)
}

it('downloads and decrypts the platform certificates', async () => {
  expect(await wxpay.get_certificates(DEMO_MERCHANT.apiV3Key)).toMatchObject([
    {
      serial_no: '3775B6A45ACD588826D15E583A95F5DD00000001',
      publicKey: expect.stringMatching(/^-----BEGIN PUBLIC KEY-----/),
    },
  ])
})

it('makes an order, sees it paid, refunds it, and reads what it is told', async () => {
  const made = await wxpay.transactions_native(order(NUMBER))
  expect(made).toEqual({
    status: 200,
    data: { code_url: expect.stringMatching(/^weixin:\/\/wxpay\//) },
  })
  await live.simulator.act(NUMBER, 'pay')
  const seen = await wxpay.query({ out_trade_no: NUMBER })
  expect(seen).toMatchObject({ status: 200, data: { trade_state: 'SUCCESS' } })
  const byId = await wxpay.query({ transaction_id: seen.data.transaction_id })
  expect(byId).toEqual(seen)

  expect(await wxpay.refunds(refund(NUMBER, REFUND, 40))).toMatchObject({
    status: 200,
    data: { status: 'PROCESSING' },
  })
  await live.simulator.tick()
  expect(await wxpay.find_refunds(REFUND)).toMatchObject({
    status: 200,
    data: { status: 'SUCCESS', amount: { refund: 40 } },
  })

  const contents = []
  for (const callback of live.told) contents.push(await read(callback))
  expect(contents).toMatchObject([
    { out_trade_no: NUMBER, trade_state: 'SUCCESS' },
    { out_refund_no: REFUND, refund_status: 'SUCCESS' },
  ])
})

it('makes a JSAPI order that the payer’s client can open', async () => {
  const payer = { openid: 'oSharedOpenid000000000000001' }
  const made = await wxpay.transactions_jsapi({ ...order('V320260101000002'), payer })
  expect(made).toMatchObject({
    status: 200,
    data: { package: expect.stringMatching(/^prepay_id=wx/), signType: 'RSA' },
  })
})

it('makes orders for APP and H5', async () => {
  expect(await wxpay.transactions_app(order('V320260101000003'))).toMatchObject({
    status: 200,
    data: { prepayid: expect.stringMatching(/^wx/) },
  })
  const scene_info = {
    payer_client_ip: '203.0.113.7',
    h5_info: { type: 'Wap', app_name: '小店' },
  }
  expect(await wxpay.transactions_h5({ ...order('V320260101000004'), scene_info })).toMatchObject({
    status: 200,
    data: { h5_url: expect.stringMatching(/^https:\/\/wx\.tenpay\.com\//) },
  })
})

it('closes an order', async () => {
  await wxpay.transactions_native(order('V320260101000005'))
  expect(await wxpay.close('V320260101000005')).toMatchObject({ status: 204 })
  expect(await wxpay.query({ out_trade_no: 'V320260101000005' })).toMatchObject({
    data: { trade_state: 'CLOSED' },
  })
})

it('hears why it was refused', async () => {
  const refused = await wxpay.query({ out_trade_no: 'V320260101000009' })
  expect(refused.status).toBe(404)
  expect(JSON.parse(refused.error)).toMatchObject({ code: 'ORDER_NOT_EXIST' })
})
