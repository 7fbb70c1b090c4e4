import { describe, expect, it } from 'vitest'
import type { JeepayFields } from '../../kit/jeepay-client.ts'
import { newNumber, type Ordered, succeeded } from '../../kit/storefront.ts'
import { until } from '../../kit/until.ts'
import { endsPaid, type Here, type World } from './world.ts'

const MINUTE_MS = 60_000
const SETTLES_MS = 10_000

/** 1,000 fen less 6 of fee: a tenth for each of the demo merchant's two receivers. */
const SHARE = 99

const CHANNELS = [
  {
    ifCode: 'wxpay',
    wayCode: 'WX_NATIVE',
    // WeChat takes shares back from merchants alone.
    receiver: { accType: 1, accNo: '1900000302', accName: '示例门店二', relationType: 'STORE' },
  },
  { ifCode: 'alipay', wayCode: 'ALI_QR', receiver: { accNo: '2088100000000077' } },
] as const

export function specifyDivisions(here: Here): void {
  describe.each(CHANNELS)('sharing out a payment of $ifCode', ({ ifCode, wayCode, receiver }) => {
    it('goes to the receivers that are bound, and the query says so', async () => {
      const { shop } = here()
      const { payOrderId, inbox } = await paid(here(), wayCode, 2)
      await shop.sandbox.passes(MINUTE_MS)
      const exec = { payOrderId, useSysAutoDivisionReceivers: 1, notifyUrl: inbox.url }
      const first = succeeded(await shop.calls('/api/division/exec', exec)).data
      expect(first).toMatchObject({ payOrderId, channelBatchOrderId: expect.any(String) })
      const division = await finished(here(), payOrderId)
      expect(division).toMatchObject({ state: 1, amount: 2 * SHARE, ifCode })
      expect(JSON.parse(String(division.receivers))).toMatchObject([
        { amount: SHARE, state: 1 },
        { amount: SHARE, state: 1 },
      ])
      await inbox.hears(2)
      expect(inbox.heard[1]?.fields).toMatchObject({ divisionId: division.divisionId, state: '1' })
      expect(await shop.calls('/api/division/exec', { ...exec, notifyUrl: '' })).toEqual({
        code: 9999,
        msg: '当前订单状态不支持分账',
      })
    })

    it('goes to those that the merchant names, with portions of its own', async () => {
      const { shop } = here()
      const bound = await binds(here(), { ifCode, ...receiver })
      expect(bound).toMatchObject({ bindState: 1, divisionProfit: 0.05, accNo: receiver.accNo })
      const { receiverId = '' } = bound
      const { payOrderId } = await paid(here(), wayCode, 2)
      await shop.sandbox.passes(MINUTE_MS)
      const receivers = JSON.stringify([{ receiverId: String(receiverId), divisionProfit: '0.1' }])
      const exec = { payOrderId, useSysAutoDivisionReceivers: 0, receivers }
      expect(await shop.calls('/api/division/exec', exec)).toMatchObject({ code: 0 })
      expect(await finished(here(), payOrderId)).toMatchObject({ state: 1, amount: SHARE })

      const returned = await shop.calls('/api/division/return', {
        payOrderId,
        mchReturnNo: newNumber('V'),
        receiverId: String(receiverId),
        returnAmount: 40,
      })
      if (ifCode === 'alipay') {
        expect(returned).toEqual({ code: 9999, msg: '当前通道不支持分账回退' })
      } else {
        const { mchReturnNo = '' } = succeeded(returned).data
        await shop.sandbox.passes(SETTLES_MS)
        const back = await shop.calls('/api/division/return/query', { mchReturnNo })
        expect(back).toMatchObject({ code: 0, data: { state: 2, returnAmount: 40 } })
      }
      const unbound = await shop.calls('/api/division/receiver/unbind', {
        receiverId: String(receiverId),
      })
      expect(unbound).toMatchObject({ code: 0, data: { bindState: 0 } })
    })

    it('is ended without a share when nobody is named', async () => {
      const { shop } = here()
      const { payOrderId } = await paid(here(), wayCode, 2)
      await shop.sandbox.passes(MINUTE_MS)
      const exec = { payOrderId, useSysAutoDivisionReceivers: 0 }
      expect(await shop.calls('/api/division/exec', exec)).toMatchObject({ code: 0 })
      expect(await finished(here(), payOrderId)).toMatchObject({ state: 1, amount: 0 })
    })

    it('happens by itself eighty seconds after the payment', async () => {
      const { shop } = here()
      const { payOrderId } = await paid(here(), wayCode, 1)
      // Real time passes, too: the more of it the busier the machine.
      await shop.sandbox.passes(50_000)
      expect(await shop.calls('/api/division/query', { payOrderId })).toMatchObject({ code: 9999 })
      await shop.sandbox.passes(31_000)
      expect(await finished(here(), payOrderId)).toMatchObject({ state: 1, amount: 2 * SHARE })
    })

    it('is refused for a payment that is not shared, and before it is paid', async () => {
      const { shop } = here()
      const { payOrderId } = await paid(here(), wayCode, 0)
      const exec = { payOrderId, useSysAutoDivisionReceivers: 1 }
      const refused = { code: 9999, msg: '当前订单状态不支持分账' }
      expect(await shop.calls('/api/division/exec', exec)).toEqual(refused)
      const open = await shop.orders({ wayCode, divisionMode: 2 })
      const early = { ...exec, payOrderId: open.payOrderId }
      expect(await shop.calls('/api/division/exec', early)).toEqual(refused)
    })
  })

  it('an account that Alipay does not know is not bound, and is said so', async () => {
    const nobody = await binds(here(), { ifCode: 'alipay', accNo: '2088100000000404' })
    expect(nobody).toMatchObject({ bindState: 0, errCode: 'USER_NOT_EXIST' })
    expect(nobody).not.toHaveProperty('receiverId')
  })
}

async function paid(world: World, wayCode: string, divisionMode: number): Promise<Ordered> {
  const ordered = await world.shop.orders({ wayCode, divisionMode })
  await world.shop.sandbox.pays(ordered.payOrderId)
  await endsPaid(world, ordered)
  return ordered
}

/** The division of an order once it has ended. */
async function finished({ shop }: World, payOrderId: string): Promise<JeepayFields> {
  return until(async () => {
    const { data } = await shop.calls('/api/division/query', { payOrderId })
    if (data !== undefined && data.state !== 3) return data
    await shop.sandbox.passes(SETTLES_MS)
    return undefined
  }, `the division of ${payOrderId} to end`)
}

async function binds({ shop }: World, receiver: JeepayFields): Promise<JeepayFields> {
  const bound = await shop.calls('/api/division/receiver/bind', {
    receiverGroupId: 100001,
    accType: 0,
    relationType: 'STAFF',
    divisionProfit: '0.05',
    ...receiver,
  })
  return succeeded(bound).data
}
