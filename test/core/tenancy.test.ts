import { describe, expect, it } from 'vitest'
import type { AccountId, ServiceProviderNo } from '../../core/ids.ts'
import { createAccount, createSubAccount, openPassage } from '../../core/merchant/accounts.ts'
import { createApp, createMerchant } from '../../core/merchant/merchants.ts'
import { createGroup } from '../../core/split/receivers.ts'
import { MINUTE_MS } from '../../core/time.ts'
import { aReceiver } from '../kit/sharing.ts'
import { type App, type Fields, openShop, type Shop, signedRequest } from '../kit/shop.ts'

interface Tenant {
  readonly app: App
  readonly accountId: AccountId
  /** What it has: all of it was made through the provider's one account at the bank. */
  readonly payOrderId: string
  readonly refundOrderId: string
  readonly transferId: string
  readonly receiverId: number
}

/** A service provider with two sub-merchants: one key at the bank, two merchants' money. */
async function openMall(): Promise<{ shop: Shop; ann: Tenant; bob: Tenant }> {
  const shop = await openShop()
  const { core } = shop.gateway
  const owner = { kind: 'service_provider', no: 'V1' as ServiceProviderNo } as const
  const provider = await createAccount(core, owner, 'bank', { merchant: 'mall', key: 'mall-key' })
  if (!provider.ok) throw new Error('the provider’s account opens')
  const providerAccountId = provider.value

  async function moveIn(name: string): Promise<Tenant> {
    const merchantNo = await createMerchant(core, { merchantNo: `M-${name}`, name })
    const own = { branch: name }
    const account = await createSubAccount(core, merchantNo, providerAccountId, own)
    if (!account.ok) throw new Error('the sub-merchant’s account opens')
    const app = { merchantNo, ...(await createApp(core, { merchantNo, name })) }
    const { appId } = app
    const accountId = account.value
    for (const way of ['WX_NATIVE', 'bank:WX_CASH']) {
      await openPassage(core, { appId, way, accountId, feePartsPerMillion: 0 })
    }
    const groupId = await createGroup(core, { merchantNo, name, isAutomatic: false })
    const bound = await shop.calls('/api/division/receiver/bind', aReceiver(groupId), app)
    const order = await shop.asksFor({ mchOrderNo: 'A1', divisionMode: 2 }, app)
    const payOrderId = String(order.data?.payOrderId)
    await shop.payerPays(payOrderId)
    const refund = await shop.calls(
      '/api/refund/refundOrder',
      { payOrderId, mchRefundNo: 'F1', refundAmount: 1, currency: 'CNY', refundReason: 'x' },
      app,
    )
    const transfer = await shop.transfers({ mchOrderNo: 'T1' }, app)
    return {
      app,
      accountId,
      payOrderId,
      refundOrderId: String(refund.data?.refundOrderId),
      transferId: String(transfer.data?.transferId),
      receiverId: Number(bound.data?.receiverId),
    }
  }
  const ann = await moveIn('ann')
  const bob = await moveIn('bob')
  await shop.clock.advance(MINUTE_MS)
  return { shop, ann, bob }
}

/** Everything that a merchant can ask for about something that is theirs, here of another's. */
const attempts: Readonly<Record<string, (of: Tenant) => readonly [path: string, fields: Fields]>> =
  {
    'a query': ({ payOrderId }) => ['/api/pay/query', { payOrderId }],
    'a close': ({ payOrderId }) => ['/api/pay/close', { payOrderId }],
    'a refund': ({ payOrderId }) => [
      '/api/refund/refundOrder',
      { payOrderId, mchRefundNo: 'X', refundAmount: 1, currency: 'CNY', refundReason: 'x' },
    ],
    'a query of a refund': ({ refundOrderId }) => ['/api/refund/query', { refundOrderId }],
    'a query of a transfer': ({ transferId }) => ['/api/transfer/query', { transferId }],
    'a cancel of a transfer': ({ transferId }) => ['/api/transfer/cancel', { transferId }],
    'a division': ({ payOrderId }) => [
      '/api/division/exec',
      { payOrderId, useSysAutoDivisionReceivers: 0 },
    ],
    'a query of a division': ({ payOrderId }) => ['/api/division/query', { payOrderId }],
    'a return of a share': ({ payOrderId, receiverId }) => [
      '/api/division/return',
      { payOrderId, mchReturnNo: 'X', receiverId, returnAmount: 1 },
    ],
    'an unbinding': ({ receiverId }) => ['/api/division/receiver/unbind', { receiverId }],
  }

describe('two sub-merchants of one service provider', () => {
  it('are paid each on their own account, under the one key of the provider', async () => {
    const { shop, ann, bob } = await openMall()
    const payees = [ann, bob].map(({ payOrderId }) => shop.bank.orders.get(payOrderId)?.payee)
    expect(payees).toEqual(['mall/ann', 'mall/bob'])
    expect(shop.bank.receivers).toEqual(
      new Set(['mall/ann merchant store-1', 'mall/bob merchant store-1']),
    )
  })

  it.each(Object.entries(attempts))(
    '%s of the other’s is refused, and nothing leaves for the channel',
    async (_, attempt) => {
      const { shop, ann, bob } = await openMall()
      const calls = shop.bank.calls.length
      const [path, fields] = attempt(ann)
      const answer = await shop.calls(path, fields, bob.app)
      expect(answer.code).toBe(9999)
      expect(answer.msg).toMatch(/不存在/)
      expect(answer).not.toHaveProperty('data')
      // Nor with the other's numbers and one's own secret, nor with one's own numbers and another's app.
      const forged = { ...ann.app, appSecret: bob.app.appSecret }
      expect(await shop.calls(path, fields, forged)).toMatchObject({ code: 9999, msg: '验签失败' })
      const mixed = { ...bob.app, merchantNo: ann.app.merchantNo }
      expect(await shop.calls(path, fields, mixed)).toMatchObject({
        code: 9999,
        msg: '参数appId与商户号不匹配',
      })
      expect(shop.bank.calls.length).toBe(calls)
    },
  )

  it('have their own numbers: the same number names another thing at each', async () => {
    const { shop, ann, bob } = await openMall()
    const byNumber = async (app: App) =>
      (await shop.calls('/api/pay/query', { mchOrderNo: 'A1' }, app)).data?.payOrderId
    expect(await byNumber(ann.app)).toBe(ann.payOrderId)
    expect(await byNumber(bob.app)).toBe(bob.payOrderId)
  })

  it('do not share money out to each other’s receivers', async () => {
    const { shop, ann, bob } = await openMall()
    const receivers = JSON.stringify([{ receiverId: bob.receiverId }])
    const { payOrderId } = ann
    const fields = { payOrderId, useSysAutoDivisionReceivers: 0, receivers }
    expect(await shop.calls('/api/division/exec', fields, ann.app)).toEqual({
      code: 9999,
      msg: '分账[用户]中包含不存在或渠道不可用账号，请更改',
    })
  })

  it('may use no account but their own', async () => {
    const { shop, ann, bob } = await openMall()
    const opened = await openPassage(shop.gateway.core, {
      appId: bob.app.appId,
      way: 'WX_BAR',
      accountId: ann.accountId,
      feePartsPerMillion: 0,
    })
    expect(opened).toEqual({ ok: false, refusal: { code: 'account_of_another' } })
  })

  it('are not told of by callbacks at each other’s addresses, though one key signs both', async () => {
    const { shop, ann, bob } = await openMall()
    const of = async (tenant: Tenant) => {
      const { data } = await shop.asksFor({ mchOrderNo: 'A2' }, tenant.app)
      const order = shop.bank.orders.get(String(data?.payOrderId))
      if (order === undefined) throw new Error('the bank has the order')
      return order
    }
    const mine = await of(ann)
    const theirs = await of(bob)
    const state = async ({ number }: { number: string }, { app }: Tenant) =>
      (await shop.sees(number, app)).data?.state
    // Of the other's payment, at the address of one's own; at the address of one's own account.
    for (const callbackUrl of [
      theirs.callbackUrl,
      `https://pay.example/api/account/notify/bank/${bob.accountId}`,
    ]) {
      const answer = await shop.bank.callback({ ...mine, callbackUrl, state: 'paid' })
      expect(answer.status).toBe(400)
    }
    // At the right address, but of the other's merchant number.
    const lie = { payee: 'mall/bob' }
    await shop.bank.callback({ ...mine, state: 'paid' }, lie)
    expect(await state(mine, ann)).toBe(1)
    expect(await state(theirs, bob)).toBe(1)
    expect(shop.logged.map(({ fields }) => fields?.alarm)).toContain('payee_differs')
  })

  it('get back from the jump what belongs to their own app', async () => {
    const { shop, ann, bob } = await openMall()
    const back = async ({ app }: Tenant) => {
      const fields = { ifCode: 'bank', redirectUrl: 'https://shop.example/' }
      const jump = await shop.gateway.fetch(signedRequest('/api/channelUserId/jump', fields, app))
      const consent = new URL(String(jump.headers.get('location')))
      return {
        path: new URL(String(consent.searchParams.get('returnUrl'))),
        state: String(consent.searchParams.get('state')),
      }
    }
    const [mine, theirs] = [await back(ann), await back(bob)]
    const mixed = new URL(mine.path)
    mixed.search = new URLSearchParams({ code: 'C1', state: theirs.state }).toString()
    expect(await (await shop.gateway.fetch(new Request(mixed))).json()).toEqual({
      code: 9999,
      msg: '跳转状态有误，请重新发起',
    })
  })
})
