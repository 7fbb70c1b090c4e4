import { describe, expect, it } from 'vitest'
import { verifyJeepay } from '../../../core/signing/jeepay.ts'
import { createGroup } from '../../../core/split/receivers.ts'
import { bankWithout } from '../../kit/bank-channel.ts'
import { callsOf, openSharing } from '../../kit/sharing.ts'
import type { Fields } from '../../kit/shop.ts'

type Sharing = Awaited<ReturnType<typeof openSharing>>
const lists = ({ shop }: Sharing, fields: Fields = {}, as = shop.app) =>
  shop.calls('/api/division/receiver/list', fields, as)
const accounts = async (sharing: Sharing, fields?: Fields, as = sharing.shop.app) =>
  JSON.parse(String((await lists(sharing, fields, as)).data?.receivers)).map(
    ({ accNo }: { accNo: string }) => accNo,
  )
const unbinds = ({ shop }: Sharing, receiverId: unknown, as = shop.app) =>
  shop.calls('/api/division/receiver/unbind', { receiverId: String(receiverId) }, as)

describe('binding a receiver', () => {
  it('makes it known to the channel, and is answered with all that JeePay answers', async () => {
    const { shop, groupId, binds } = await openSharing()
    const answer = await binds({ receiverAlias: '一号', channelExtInfo: '{"a":1}' })
    expect(groupId).toBe(100001)
    expect(answer.data).toEqual({
      receiverId: 800001,
      receiverAlias: '一号',
      receiverGroupId: 100001,
      mchNo: 'M1',
      appId: shop.app.appId,
      ifCode: 'bank',
      accType: 1,
      accNo: 'store-1',
      accName: '一号店',
      relationType: 'STORE',
      relationTypeName: '门店',
      channelExtInfo: '{"a":1}',
      bindSuccessTime: 1767225600000,
      divisionProfit: 0.3,
      bindState: 1,
    })
    expect(shop.bank.receivers).toEqual(new Set(['shop merchant store-1']))
  })

  it.each([
    ['0.3', '0.3'],
    ['0.30', '0.3'],
    ['1', '1'],
    ['1.0', '1'],
    ['0.0001', '0.0001'],
  ])(
    'signs divisionProfit as sent: %s comes back as the number %s, which the sign covers',
    async (sent, back) => {
      const { shop, binds } = await openSharing()
      const { data, sign } = await binds({ divisionProfit: sent })
      expect(JSON.stringify(data?.divisionProfit)).toBe(back)
      const texts = Object.entries(data ?? {}).map(
        ([name, value]) => [name, String(value)] as const,
      )
      expect(texts).toContainEqual(['divisionProfit', back])
      expect(verifyJeepay(texts, shop.app.appSecret, sign ?? '')).toBe(true)
    },
  )

  it('takes the account for an alias, and a relation of its own with its name', async () => {
    const { binds } = await openSharing()
    const { data } = await binds({ relationType: 'CUSTOM', relationTypeName: '加盟商', accType: 0 })
    expect(data).toMatchObject({
      receiverAlias: 'store-1',
      accType: 0,
      relationType: 'CUSTOM',
      relationTypeName: '加盟商',
    })
  })

  it('again changes it: it keeps its number, and there is one', async () => {
    const sharing = await openSharing()
    const receiverId = await sharing.bound()
    const { data } = await sharing.binds({ divisionProfit: '0.5', receiverAlias: '新名' })
    expect(data).toMatchObject({ receiverId, divisionProfit: 0.5, receiverAlias: '新名' })
    expect((await lists(sharing)).data).toMatchObject({ total: 1 })
  })

  it('that the channel refuses is code 0 with bindState 0, and nothing is stored', async () => {
    const sharing = await openSharing()
    sharing.shop.bank.will('bind_receiver', 'refused')
    const answer = await sharing.binds()
    expect(answer).toMatchObject({
      code: 0,
      data: { bindState: 0, errCode: 'NO_SUCH_ACCOUNT', errMsg: '账号不存在', accNo: 'store-1' },
    })
    expect(answer.data).not.toHaveProperty('receiverId')
    expect(answer.data).not.toHaveProperty('bindSuccessTime')
    expect((await lists(sharing)).data).toMatchObject({ total: 0, receivers: '[]' })
  })

  it.each([
    ['silent_after', 'UNKNOWN'],
    ['not_reachable', 'NOT_SENT'],
  ] as const)(
    'whose end is not known (%s) is not bound, and may be asked for again',
    async (mood, errCode) => {
      const sharing = await openSharing()
      sharing.shop.bank.will('bind_receiver', mood)
      expect((await sharing.binds()).data).toMatchObject({ bindState: 0, errCode })
      expect((await sharing.binds()).data).toMatchObject({ bindState: 1 })
    },
  )

  it.each([
    [{ ifCode: '' }, '支付接口代码不能为空'],
    [{ receiverGroupId: '' }, '组ID不能为空， 若不存在请先登录商户平台进行创建操作'],
    [{ receiverGroupId: 'abc' }, '组ID不能为空， 若不存在请先登录商户平台进行创建操作'],
    [{ receiverGroupId: 999999 }, '商户分账账号组不存在，请检查或进入商户平台进行创建操作'],
    [{ accType: '' }, '账号类型不能为空'],
    [{ accType: 2 }, '账号类型有误'],
    [{ accNo: '' }, '账号不能为空'],
    [{ relationType: '' }, '分账关系类型不能为空'],
    [{ divisionProfit: '' }, '分账比例不能为空'],
    [{ divisionProfit: '0' }, '账号分账比例有误, 配置值为[0.0001~1.0000]'],
    [{ divisionProfit: '1.1' }, '账号分账比例有误, 配置值为[0.0001~1.0000]'],
    [{ divisionProfit: '0.00009' }, '账号分账比例有误, 配置值为[0.0001~1.0000]'],
    [{ ifCode: 'nobank' }, '系统不支持该分账接口'],
  ])('with %j is refused: %s', async (fields, msg) => {
    const { shop, binds } = await openSharing()
    expect(await binds(fields)).toEqual({ code: 9999, msg })
    expect(shop.bank.calls).toEqual([])
  })

  it('at a channel that does not split is refused', async () => {
    const { binds } = await openSharing({ channel: bankWithout('split') })
    expect(await binds()).toEqual({ code: 9999, msg: '系统不支持该分账接口' })
  })

  it('into a group of another merchant, or by an app without the channel, is refused', async () => {
    const { shop, groupId, binds } = await openSharing()
    const other = await shop.opensApp('other_merchant')
    expect(await binds({ receiverGroupId: groupId }, other)).toEqual({
      code: 9999,
      msg: '商户分账账号组不存在，请检查或进入商户平台进行创建操作',
    })
    expect(shop.bank.receivers.size).toBe(0)
  })

  it('does not take it from another app of the merchant', async () => {
    const sharing = await openSharing()
    await sharing.binds()
    const other = await sharing.shop.opensApp('same_merchant')
    expect((await sharing.binds({}, other)).data).toMatchObject({
      bindState: 0,
      errCode: 'RECEIVER_OF_ANOTHER_APP',
    })
    expect(await accounts(sharing)).toEqual(['store-1'])
    expect(await accounts(sharing, {}, other)).toEqual([])
  })
})

describe('the list of receivers', () => {
  it('has those of the app, by channel and by group', async () => {
    const sharing = await openSharing()
    const { shop, binds } = sharing
    const second = await createGroup(shop.gateway.core, {
      merchantNo: shop.app.merchantNo,
      name: '员工',
      isAutomatic: true,
    })
    await binds()
    await binds({ accNo: 'store-2' })
    await binds({ accNo: 'ann', accType: 0, receiverGroupId: second })
    expect(await accounts(sharing)).toEqual(['store-1', 'store-2', 'ann'])
    expect(await accounts(sharing, { receiverGroupId: second })).toEqual(['ann'])
    expect(await accounts(sharing, { ifCode: 'bank' })).toEqual(['store-1', 'store-2', 'ann'])
    expect(await accounts(sharing, { ifCode: 'other' })).toEqual([])
    const [first] = JSON.parse(String((await lists(sharing)).data?.receivers))
    expect(first).toMatchObject({ receiverId: 800001, divisionProfit: 0.3, bindState: 1 })
  })
})

describe('unbinding a receiver', () => {
  it('ends the relation at the channel; bound again it has its number back', async () => {
    const sharing = await openSharing()
    const receiverId = await sharing.bound()
    const answer = await unbinds(sharing, receiverId)
    expect(answer).toMatchObject({ code: 0, data: { receiverId, accNo: 'store-1', bindState: 0 } })
    expect(sharing.shop.bank.receivers.size).toBe(0)
    expect(await accounts(sharing)).toEqual([])
    expect(await unbinds(sharing, receiverId)).toEqual({ code: 9999, msg: '分账接收者不存在' })
    expect(await sharing.bound()).toBe(receiverId)
  })

  it('that the channel refuses leaves it bound', async () => {
    const sharing = await openSharing()
    const receiverId = await sharing.bound()
    sharing.shop.bank.will('unbind_receiver', 'refused')
    expect((await unbinds(sharing, receiverId)).data).toEqual({
      receiverId,
      bindState: 1,
      errCode: 'NO_SUCH_ACCOUNT',
      errMsg: '账号不存在',
    })
    expect(await accounts(sharing)).toEqual(['store-1'])
  })

  it('leaves the relation to the other groups that it is in', async () => {
    const sharing = await openSharing()
    const { shop } = sharing
    const { merchantNo } = shop.app
    const group = { merchantNo, name: '二组', isAutomatic: false }
    const first = await sharing.bound()
    await sharing.bound({ receiverGroupId: await createGroup(shop.gateway.core, group) })
    await unbinds(sharing, first)
    expect(callsOf(shop, 'unbind_receiver')).toEqual([])
    expect(shop.bank.receivers.size).toBe(1)
  })

  it.each(['abc', '', '999999'])('of %j is refused', async (receiverId) => {
    const sharing = await openSharing()
    const msg = receiverId === '999999' ? '分账接收者不存在' : 'receiverId不能为空'
    expect(await unbinds(sharing, receiverId)).toEqual({ code: 9999, msg })
  })

  it('of another app is refused', async () => {
    const sharing = await openSharing()
    const receiverId = await sharing.bound()
    for (const of of ['same_merchant', 'other_merchant'] as const) {
      const other = await sharing.shop.opensApp(of)
      expect(await unbinds(sharing, receiverId, other)).toEqual({
        code: 9999,
        msg: '分账接收者不存在',
      })
    }
    expect(sharing.shop.bank.receivers.size).toBe(1)
  })
})
