import { describe, expect, it } from 'vitest'
import { DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS } from '../../../core/time.ts'
import type { BankTransfer } from '../../kit/bank-money-out.ts'
import { openShop, type Shop } from '../../kit/shop.ts'

const callsOf = (shop: Shop, operation: string) =>
  shop.bank.calls.filter((call) => call.startsWith(`${operation} `))
const sees = async (shop: Shop) =>
  (await shop.calls('/api/transfer/query', { mchOrderNo: 'A1' })).data
const cancels = (shop: Shop) => shop.calls('/api/transfer/cancel', { mchOrderNo: 'A1' })
const toldStates = (shop: Shop) => shop.told.map(({ fields }) => fields.state)

async function waiting(): Promise<{ shop: Shop; transfer: BankTransfer }> {
  const shop = await openShop()
  shop.bank.transfersWait = true
  await shop.transfers({ mchOrderNo: 'A1' })
  const [transfer] = shop.bank.transfers.values()
  if (transfer === undefined) throw new Error('the bank has the transfer')
  return { shop, transfer }
}

describe('a transfer that the channel refuses', () => {
  it('fails, is told, and the same request gets the same answer', async () => {
    const shop = await openShop()
    shop.bank.will('transfer', 'refused')
    const answer = await shop.transfers({ mchOrderNo: 'A1' })
    const failed = { state: 3, errCode: 'DECLINED', errMsg: '付款人余额不足' }
    expect(answer).toMatchObject({ code: 0, data: failed })
    expect(await shop.transfers({ mchOrderNo: 'A1' })).toEqual(answer)
    await shop.settles()
    expect(toldStates(shop)).toEqual(['3'])
    expect(callsOf(shop, 'transfer')).toHaveLength(1)
  })

  it('fails the same when nothing left for the channel', async () => {
    const shop = await openShop()
    shop.bank.will('transfer', 'not_reachable')
    const { data } = await shop.transfers({ mchOrderNo: 'A1' })
    expect(data).toMatchObject({ state: 3, errCode: 'NOT_SENT', errMsg: 'connection refused' })
    await shop.passes(HOUR_MS, 10 * MINUTE_MS)
    expect(shop.bank.calls).toEqual([])
  })
})

describe('a transfer whose end is not known', () => {
  it.each(['silent_before', 'silent_after', 'error_after', 'busy'] as const)(
    'is answered as pending, found out, told once and paid once: %s',
    async (mood) => {
      const shop = await openShop()
      shop.bank.will('transfer', mood)
      expect((await shop.transfers({ mchOrderNo: 'A1' })).data).toMatchObject({ state: 1 })
      await shop.passes(3 * MINUTE_MS)
      expect(await sees(shop)).toMatchObject({ state: 2 })
      expect(toldStates(shop)).toEqual(['2'])
      expect(shop.bank.transfers.size).toBe(1)
    },
  )

  it('is sent again, under its number, only when "not found" is final', async () => {
    const shop = await openShop()
    shop.bank.will('transfer', 'silent_before')
    await shop.transfers({ mchOrderNo: 'A1' })
    const [first] = callsOf(shop, 'transfer')
    await shop.passes(59 * SECOND_MS, SECOND_MS)
    expect(callsOf(shop, 'query_transfer').length).toBeGreaterThan(0)
    expect(callsOf(shop, 'transfer')).toEqual([first])
    await shop.passes(60 * SECOND_MS, SECOND_MS)
    expect(callsOf(shop, 'transfer')).toEqual([first, first])
    expect(await sees(shop)).toMatchObject({ state: 2 })
  })

  it('is never sent again once the channel has given it a number, however long it is not found', async () => {
    const { shop } = await waiting()
    shop.bank.always('query_transfer', 'knows_nothing')
    await shop.passes(31 * DAY_MS, 6 * HOUR_MS)
    expect(callsOf(shop, 'transfer')).toHaveLength(1)
    expect(await sees(shop)).toMatchObject({ state: 1 })
  })

  it('is not sent again when the question about it did not get through', async () => {
    const shop = await openShop()
    shop.bank.will('transfer', 'silent_after')
    shop.bank.always('query_transfer', 'not_reachable')
    await shop.transfers({ mchOrderNo: 'A1' })
    await shop.passes(DAY_MS, 10 * MINUTE_MS)
    expect(callsOf(shop, 'transfer')).toHaveLength(1)
    expect(await sees(shop)).toMatchObject({ state: 1 })
  })

  it('is not given up when the second sending does not leave', async () => {
    const shop = await openShop()
    shop.bank.will('transfer', 'silent_before', 'not_reachable')
    await shop.transfers({ mchOrderNo: 'A1' })
    await shop.passes(HOUR_MS, MINUTE_MS)
    expect(await sees(shop)).toMatchObject({ state: 2 })
    expect(toldStates(shop)).toEqual(['2'])
  })

  it('is sent again by one of many runners', async () => {
    const shop = await openShop()
    shop.bank.will('transfer', 'silent_before')
    await shop.transfers({ mchOrderNo: 'A1' })
    await shop.clock.advance(2 * MINUTE_MS)
    await Promise.all(Array.from({ length: 5 }, () => shop.sweeps()))
    expect(callsOf(shop, 'transfer')).toHaveLength(2)
  })

  it('is polled for as long as it takes: JeePay stops after a day', async () => {
    const { shop, transfer } = await waiting()
    await shop.passes(9 * DAY_MS, 6 * HOUR_MS)
    transfer.state = 'paid'
    await shop.passes(DAY_MS, 6 * HOUR_MS)
    expect(await sees(shop)).toMatchObject({ state: 2 })
    expect(toldStates(shop)).toEqual(['2'])
  })
})

describe('a callback about a transfer', () => {
  it('may come before the answer', async () => {
    const shop = await openShop()
    shop.bank.transfersWait = true
    shop.bank.will('transfer', 'calls_back_first')
    expect((await shop.transfers({ mchOrderNo: 'A1' })).data).toMatchObject({ state: 2 })
    await shop.settles()
    expect(toldStates(shop)).toEqual(['2'])
  })

  it('may come twenty times, also at once, and is told once', async () => {
    const { shop, transfer } = await waiting()
    const tells = () => shop.bank.callback({ ...transfer, state: 'paid' })
    await tells()
    const answers = await Promise.all(Array.from({ length: 20 }, tells))
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]))
    await shop.settles()
    expect(toldStates(shop)).toEqual(['2'])
  })

  it.each([
    ['one fen more', { amount: 1001 }],
    ['another merchant number', { payee: 'somebody else' }],
  ])('with %s ends nothing, and calls an operator once', async (_, change) => {
    const { shop, transfer } = await waiting()
    for (let i = 0; i < 3; i++) await shop.bank.callback({ ...transfer, state: 'paid' }, change)
    expect(await sees(shop)).toMatchObject({ state: 1 })
    expect(shop.told).toEqual([])
    expect(shop.logged.filter(({ fields }) => fields?.alarm === 'transfer_differs')).toHaveLength(1)
  })

  it('corrects a failure: the payee has the money all the same', async () => {
    const { shop, transfer } = await waiting()
    await shop.bank.callback({ ...transfer, state: 'failed' })
    expect(await sees(shop)).toMatchObject({ state: 3, errCode: 'DECLINED' })
    await shop.bank.callback({ ...transfer, state: 'paid' })
    await shop.settles()
    const seen = await sees(shop)
    expect(seen).toMatchObject({ state: 2 })
    expect(seen).not.toHaveProperty('errCode')
    expect(toldStates(shop)).toEqual(['3', '2'])
    expect(shop.logged.map(({ fields }) => fields?.alarm)).toContain('transferred_after_failure')
  })

  it('of another transfer, at its address, is refused and changes nothing', async () => {
    const { shop, transfer } = await waiting()
    const { data } = await shop.transfers({ mchOrderNo: 'A2' })
    const other = shop.bank.transfers.get(String(data?.transferId))
    if (other === undefined) throw new Error('the bank has the other transfer')
    const answer = await shop.bank.callback({
      ...other,
      callbackUrl: transfer.callbackUrl,
      state: 'paid',
    })
    expect(answer.status).toBe(400)
    expect(await sees(shop)).toMatchObject({ state: 1 })
    expect((await shop.calls('/api/transfer/query', { mchOrderNo: 'A2' })).data).toMatchObject({
      state: 1,
    })
  })

  it('that is forged changes nothing', async () => {
    const { shop, transfer } = await waiting()
    const answer = await shop.bank.callback({ ...transfer, state: 'paid' }, { sign: 'forged' })
    expect(answer.status).toBe(400)
    expect(await sees(shop)).toMatchObject({ state: 1 })
  })
})

describe('a cancel', () => {
  it('closes a transfer that its payee has not taken; it is told', async () => {
    const { shop } = await waiting()
    const answer = await cancels(shop)
    expect(answer).toMatchObject({ code: 0, data: { mchOrderNo: 'A1', state: 4 } })
    await shop.settles()
    expect(toldStates(shop)).toEqual(['4'])
    expect(await sees(shop)).toMatchObject({ state: 4, errMsg: '已撤销' })
    expect(await cancels(shop)).toEqual({ code: 9999, msg: '当前转账单不可撤销' })
  })

  it('is refused in the words of the channel when the payee was faster', async () => {
    const { shop, transfer } = await waiting()
    transfer.state = 'paid'
    expect(await cancels(shop)).toEqual({ code: 9999, msg: '收款人已收款' })
    await shop.passes(MINUTE_MS)
    expect(await sees(shop)).toMatchObject({ state: 2 })
  })

  it('whose answer was lost leaves the transfer to be found out', async () => {
    const { shop } = await waiting()
    shop.bank.will('cancel_transfer', 'silent_after')
    expect(await cancels(shop)).toEqual({ code: 9999, msg: '支付通道未给出撤销结果，请稍后查询' })
    await shop.passes(MINUTE_MS)
    expect(await sees(shop)).toMatchObject({ state: 4 })
  })

  it('that was accepted is no end: the state is the one that the channel gives', async () => {
    const { shop } = await waiting()
    shop.bank.will('query_transfer', 'busy')
    expect((await cancels(shop)).data).toMatchObject({ state: 1 })
    await shop.passes(MINUTE_MS)
    expect(await sees(shop)).toMatchObject({ state: 4 })
  })

  it('waits for a sending that is under way', async () => {
    const shop = await openShop()
    shop.bank.transfersWait = true
    let seen: unknown
    shop.bank.during('transfer', async () => {
      seen = await cancels(shop)
    })
    await shop.transfers({ mchOrderNo: 'A1' })
    expect(seen).toEqual({ code: 9999, msg: '转账单正在提交支付通道，请稍后再试' })
    expect(callsOf(shop, 'cancel_transfer')).toEqual([])
  })

  it('is undone by a success that comes after it', async () => {
    const { shop, transfer } = await waiting()
    await cancels(shop)
    await shop.bank.callback({ ...transfer, state: 'paid' })
    expect(await sees(shop)).toMatchObject({ state: 2 })
  })
})
