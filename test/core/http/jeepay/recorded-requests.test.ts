import { expect, it } from 'vitest'
import type { AppId } from '../../../../core/ids.ts'
import { openPassage } from '../../../../core/merchant/accounts.ts'
import { raiseConfigRevision } from '../../../../core/routing/config-revision.ts'
import { seal } from '../../../../core/sealing/seal.ts'
import { signJeepay } from '../../../../core/signing/jeepay.ts'
import { apps } from '../../../../core/store/schema.ts'
import { openShop, type Shop } from '../../../kit/shop.ts'

/** Requests as clients in the field sent them, with this secret (reference §19). */
const SECRET = 'testkey-0123456789abcdef'

/** A shop whose merchant M1 has an app with the number and secret of the recording. */
async function openRecordedShop(appId: string): Promise<Shop> {
  const shop = await openShop()
  const { ports, store } = shop.gateway.core
  await store.write.batch([
    store.write.insert(apps).values({
      appId: appId as AppId,
      merchantNo: shop.app.merchantNo,
      name: '录制',
      state: 'active',
      secretSealed: await seal(ports.keyRing, `app/${appId}/secret`, SECRET),
      createdAtMs: 0,
    }),
    raiseConfigRevision(store),
  ])
  await openPassage(shop.gateway.core, {
    appId: appId as AppId,
    way: 'WX_NATIVE',
    accountId: shop.accountId,
    feePartsPerMillion: 0,
  })
  return shop
}

async function answer(shop: Shop, contentType: string, body: string) {
  const headers = { 'content-type': contentType }
  const url = 'https://pay.example/api/pay/unifiedOrder'
  const response = await shop.gateway.fetch(new Request(url, { method: 'POST', headers, body }))
  expect(response.status).toBe(200)
  return response.json()
}

const recorded = [
  {
    client: 'the official Java SDK: texts with quotes and slashes, empty ones, an upper-case sign',
    appId: '60cc09bce4b0f1c0b83761c9',
    contentType: 'application/json; charset=UTF-8',
    body: String.raw`{"amount":100,"extParam":"","mchOrderNo":"mho1","subject":"商品\"标题\"/测试","wayCode":"WX_NATIVE","sign":"1FFF8D0CE0F175C8BA72263DE12CC9D6","reqTime":"1795405948361","body":"描述","version":"1.0","channelExtra":"{\"payDataType\":\"codeUrl\"}","appId":"60cc09bce4b0f1c0b83761c9","clientIp":"127.0.0.1","notifyUrl":"https://m.example/n?a=1&b=2","signType":"MD5","currency":"CNY","returnUrl":"","mchNo":"M1","divisionMode":0}`,
    mchOrderNo: 'mho1',
    row: { amount: 100, subject: '商品"标题"/测试', currency: 'CNY', clientIp: '127.0.0.1' },
  },
  {
    client: 'a PHP client: a form, [] for an empty object, lower-case currency',
    appId: 'app1',
    contentType: 'application/x-www-form-urlencoded',
    body: 'mchOrderNo=a1&wayCode=WX_NATIVE&amount=100&currency=cny&subject=%E6%A0%87%E9%A2%98&body=%E6%8F%8F%E8%BF%B0&channelExtra=%5B%5D&divisionMode=1&signType=MD5&version=1.0&mchNo=M1&appId=app1&reqTime=1795406164768&sign=A475B7458243C159D058B28212A07839',
    mchOrderNo: 'a1',
    row: { amount: 100, subject: '标题', currency: 'cny' },
  },
  {
    client: 'a Node client: a numeric time in microseconds, version 1.0.0, a lower-case sign',
    appId: 'app1',
    contentType: 'application/json',
    body: '{"mchOrderNo":"a","wayCode":"WX_NATIVE","amount":1,"currency":"CNY","clientIp":"1.1.1.1","subject":"s","body":"b","mchNo":"M1","appId":"app1","reqTime":1795406116995000,"version":"1.0.0","signType":"MD5","sign":"b2a8c6ae225bbda013d1077a71a020f0"}',
    mchOrderNo: 'a',
    row: { amount: 1, subject: 's', currency: 'CNY' },
  },
]

it.each(recorded)('takes the order of $client', async (request) => {
  const { appId, contentType, body, mchOrderNo, row } = request
  const shop = await openRecordedShop(appId)
  const answered = await answer(shop, contentType, body)
  expect(answered).toMatchObject({
    code: 0,
    msg: 'SUCCESS',
    data: { mchOrderNo, orderState: 1, payDataType: 'codeUrl' },
  })
  const { data, sign } = answered as { data: Record<string, unknown>; sign: string }
  const fields = Object.entries(data).map(([name, value]) => [name, String(value)] as const)
  expect(sign).toBe(signJeepay(fields, SECRET))

  const app = { merchantNo: shop.app.merchantNo, appId: appId as AppId, appSecret: SECRET }
  const seen = await shop.calls('/api/pay/query', { mchOrderNo }, app)
  expect(seen.data).toMatchObject(row)
})

it.each(recorded)(
  'refuses the order of $client when one thing in it was changed',
  async (request) => {
    const { appId, contentType, body } = request
    const shop = await openRecordedShop(appId)
    const changed = body.replace(/("amount":|amount=)1/, '$12')
    expect(await answer(shop, contentType, changed)).toEqual({ code: 9999, msg: '验签失败' })
    expect(shop.bank.calls).toEqual([])
  },
)
