import { afterEach, describe, expect, it } from 'vitest'
import type { JeepayFields } from '../../kit/jeepay-client.ts'
import { type Inbox, isSigned } from '../../kit/merchant-server.ts'
import { sandboxClient } from '../../kit/sandbox-client.ts'
import { newNumber, succeeded } from '../../kit/storefront.ts'
import { until } from '../../kit/until.ts'
import type { Here, World } from './world.ts'

const MINUTE_MS = 60_000
/** From the payee's consent to the money, and from a cancellation to its return. */
const WECHAT_TAKES_MS = 6_000

const WX_CASH = {
  ifCode: 'wxpay',
  entryType: 'WX_CASH',
  accountNo: 'oAcceptancePayee000000000001',
  channelExtra: JSON.stringify({
    transferSceneId: '1000',
    transferSceneReportInfos: [
      { infoType: '活动名称', infoContent: '新会员有礼' },
      { infoType: '奖励说明', infoContent: '注册会员抽奖一等奖' },
    ],
  }),
}
const ALIPAY_CASH = {
  ifCode: 'alipay',
  entryType: 'ALIPAY_CASH',
  accountNo: 'zhang@example.com',
  accountName: '张三',
}
const CARD = { ifCode: 'alipay', entryType: 'BANK_CARD', accountName: '李四', bankName: '工商银行' }

export function specifyTransfers(here: Here): void {
  describe('a transfer', () => {
    afterEach(async () => {
      await sandboxClient(here().shop.baseUrl, 'wxpay').misbehaves()
      await sandboxClient(here().shop.baseUrl, 'alipay').misbehaves()
    })

    it('to a WeChat balance waits for its payee, who takes it, and the merchant is told', async () => {
      const { shop } = here()
      const { answer, transferId, inbox } = await transfers(here(), WX_CASH)
      expect(answer).toMatchObject({ state: 1, amount: 100, accountNo: WX_CASH.accountNo })
      expect(JSON.parse(String(answer.channelResData))).toMatchObject({
        appId: expect.stringMatching(/^wx/),
        mchId: expect.stringMatching(/^\d+$/),
        package: expect.any(String),
      })
      expect(await sees(here(), transferId)).toMatchObject({ state: 1, transferDesc: '报销' })
      expect(await shop.sandbox.takes(transferId)).toBeUndefined()
      await shop.sandbox.passes(WECHAT_TAKES_MS)
      await endsTold(here(), transferId, inbox, '2')
      expect(await shop.sandbox.takes(transferId)).toEqual(expect.any(String))
    })

    it('that its merchant cancels is closed, and nobody can take it any more', async () => {
      const { shop } = here()
      const { transferId } = await transfers(here(), WX_CASH)
      expect(await shop.calls('/api/transfer/cancel', { transferId })).toMatchObject({ code: 0 })
      await shop.sandbox.passes(WECHAT_TAKES_MS)
      expect(await sees(here(), transferId)).toMatchObject({ state: 4 })
      expect(await shop.sandbox.takes(transferId)).toEqual(expect.any(String))
    })

    it('whose payee cannot receive it fails, and the merchant is told', async () => {
      const { transferId, inbox } = await transfers(here(), WX_CASH)
      expect(await here().shop.sandbox.takes(transferId, 'fail')).toBeUndefined()
      await endsTold(here(), transferId, inbox, '3')
    })

    it('that its payee leaves alone goes back after a day', async () => {
      const { shop } = here()
      const { transferId } = await transfers(here(), WX_CASH)
      expect(await shop.sandbox.takes(transferId, 'cancel')).toBeUndefined()
      expect(await sees(here(), transferId)).toMatchObject({ state: 1 })
      await shop.sandbox.passes(25 * 60 * MINUTE_MS)
      await until(async () => {
        await shop.sandbox.passes(MINUTE_MS)
        return Number((await sees(here(), transferId)).state) > 2
      }, 'the transfer to end')
    })

    it('to an Alipay account arrives at once, and cannot be cancelled', async () => {
      const { answer, transferId, inbox } = await transfers(here(), ALIPAY_CASH)
      expect(answer).toMatchObject({ state: 2, channelOrderNo: expect.stringMatching(/^\d+$/) })
      await endsTold(here(), transferId, inbox, '2')
      const cancelled = await here().shop.calls('/api/transfer/cancel', { transferId })
      expect(cancelled).toEqual({ code: 9999, msg: '当前转账单不可撤销' })
    })

    it.each([
      ['6222020000000001', '2'],
      ['6222020000000404', '3'],
    ])('to the bank card %s ends with state %s when the bank has spoken', async (card, state) => {
      const { shop } = here()
      const { answer, transferId, inbox } = await transfers(here(), { ...CARD, accountNo: card })
      expect(answer).toMatchObject({ state: 1, bankName: '工商银行' })
      await until(async () => {
        await shop.sandbox.passes(2 * MINUTE_MS)
        return (await sees(here(), transferId)).state !== 1
      }, 'the bank to have spoken')
      await endsTold(here(), transferId, inbox, state)
    })

    it('to nobody fails, and says why', async () => {
      const nobody = { ...ALIPAY_CASH, accountNo: 'nobody@example.com' }
      const { answer } = await transfers(here(), nobody)
      expect(answer).toMatchObject({ state: 3, errCode: 'PAYEE_NOT_EXIST' })
    })

    it.each([
      ['error_after', WX_CASH],
      ['bad_signature', WX_CASH],
      ['reset_after', ALIPAY_CASH],
      ['error_after', ALIPAY_CASH],
      ['truncated', ALIPAY_CASH],
    ] as const)(
      'whose answer meets %s is not thought to have failed, and ends well',
      async (fault, to) => {
        const { shop } = here()
        await sandboxClient(shop.baseUrl, to.ifCode).misbehaves({ on: 'transfer', fault })
        const { answer, transferId, inbox } = await transfers(here(), to)
        expect(answer).toMatchObject({ state: 1 })
        await shop.sandbox.passes(MINUTE_MS)
        if (to === WX_CASH) {
          expect(await shop.sandbox.takes(transferId)).toBeUndefined()
          await shop.sandbox.passes(WECHAT_TAKES_MS)
        }
        await endsTold(here(), transferId, inbox, '2')
      },
    )

    it('sent again is answered as before, and with other content is refused', async () => {
      const { shop, merchant } = here()
      const order = { ...transferTo(ALIPAY_CASH), notifyUrl: merchant.inbox().url }
      const first = await shop.calls('/api/transferOrder', order)
      expect(await shop.calls('/api/transferOrder', order)).toEqual(first)
      expect(await shop.calls('/api/transferOrder', { ...order, amount: 101 })).toEqual({
        code: 9999,
        msg: `商户订单[${order.mchOrderNo}]已存在`,
      })
    })
  })
}

function transferTo(to: JeepayFields) {
  return {
    mchOrderNo: newNumber('T'),
    amount: 100,
    currency: 'CNY',
    transferDesc: '报销',
    ...to,
  }
}

async function transfers({ shop, merchant }: World, to: JeepayFields) {
  const inbox = merchant.inbox()
  const order = { ...transferTo(to), notifyUrl: inbox.url }
  const { data: answer } = succeeded(await shop.calls('/api/transferOrder', order))
  return { answer, transferId: String(answer.transferId), inbox }
}

async function sees({ shop }: World, transferId: string): Promise<JeepayFields> {
  return succeeded(await shop.calls('/api/transfer/query', { transferId })).data
}

/** It has this end, and the merchant has heard of it what the query says. */
async function endsTold(
  world: World,
  transferId: string,
  inbox: Inbox,
  state: string,
): Promise<void> {
  const [heard] = await until(async () => {
    await world.shop.sandbox.ticks()
    return inbox.heard.length > 0 ? inbox.heard : undefined
  }, `the merchant to be told of ${transferId}`)
  if (heard === undefined) throw new Error('nothing was heard')
  expect(isSigned(heard, world.shop.app.appSecret)).toBe(true)
  expect(heard.fields).toMatchObject({ transferId, state, amount: '100' })
  expect(await sees(world, transferId)).toMatchObject({ state: Number(state) })
}
