import { describe, expect, it } from 'vitest'
import { changeSettings } from '../../../core/merchant/accounts.ts'
import { DAY_MS, HOUR_MS, MINUTE_MS } from '../../../core/time.ts'
import { callsOf, openSharing, sharesIn } from '../../kit/sharing.ts'
import { type Shop, signedRequest } from '../../kit/shop.ts'

async function swaps(shop: Shop, settings: Readonly<Record<string, string>>): Promise<number> {
  const { core } = shop.gateway
  const changed = await changeSettings(core, shop.accountId, { merchant: 'shop', ...settings })
  if (!changed.ok) throw new Error('the settings fit')
  return changed.value
}

const OTHER_MERCHANT = { merchant: 'shop-2', key: 'key-2' }

/** Which versions of the account are drained. */
async function drained(shop: Shop) {
  const sql = 'select version, drained_at_ms is not null from channel_configs order by version'
  const [rows] = await shop.database.batch([{ sql, args: [] }], 'read')
  return rows?.map(([version, is]) => `${version}${is === 1 ? ' drained' : ''}`)
}

describe('an account whose merchant number is swapped while payments are open', () => {
  it('takes new payments under the new number, and all else goes on under the old one', async () => {
    const sharing = await openSharing()
    const { shop, bound, shares, returns } = sharing
    const { bank } = shop
    const receiverId = await bound()
    const open = await shop.orders({ mchOrderNo: 'OPEN' })
    const shared = await sharing.paid({ mchOrderNo: 'SHARED' })
    const closing = await shop.orders({ mchOrderNo: 'CLOSING' })
    bank.transfersWait = true
    bank.refundsWait = true
    await shop.transfers({ mchOrderNo: 'T1' })
    bank.will('refund', 'silent_before')
    await shop.refunds(shared, { mchRefundNo: 'F1' })
    await swaps(shop, OTHER_MERCHANT)

    const fresh = await shop.orders({ mchOrderNo: 'FRESH' })
    expect([bank.orders.get(fresh)?.payee, bank.orders.get(open)?.payee]).toEqual([
      'shop-2',
      'shop',
    ])
    // A callback, a query and a close of what was sent before.
    await shop.payerPays(open)
    expect((await shop.sees(open)).data).toMatchObject({ state: 2 })
    expect((await shop.closes(closing)).code).toBe(0)
    expect(bank.orders.get(closing)?.state).toBe('closed')
    // A refund that was never heard of is sent again; a new one goes to who was paid.
    await shop.passes(3 * MINUTE_MS)
    await shop.refunds(open, { mchRefundNo: 'F2' })
    expect([...bank.refunds.values()].map(({ payee }) => payee)).toEqual(['shop', 'shop'])
    for (const refund of bank.refunds.values()) {
      expect((await bank.callback({ ...refund, state: 'paid' })).status).toBe(200)
    }
    for (const mchRefundNo of ['F1', 'F2']) {
      expect((await shop.calls('/api/refund/query', { mchRefundNo })).data).toMatchObject({
        state: 2,
      })
    }
    // The transfer's payee takes the money.
    const [transfer] = bank.transfers.values()
    if (transfer !== undefined) transfer.state = 'paid'
    await shop.passes(3 * MINUTE_MS)
    expect((await shop.calls('/api/transfer/query', { mchOrderNo: 'T1' })).data).toMatchObject({
      state: 2,
    })
    // Shares, and what is taken back of them, move between who was paid and who was bound there.
    expect(sharesIn(await shares(shared, [{ receiverId }]))).toMatchObject([{ state: 1 }])
    const back = await returns(shared, { mchReturnNo: 'B1', receiverId, returnAmount: 10 })
    expect(back.data).toMatchObject({ state: 2 })
    expect([...bank.splits.values(), ...bank.returns.values()].map(({ payee }) => payee)).toEqual([
      'shop',
      'shop',
    ])
  })

  it('does not believe of a new payment what the old number says', async () => {
    const { shop } = await openSharing()
    await swaps(shop, OTHER_MERCHANT)
    const fresh = await shop.orders()
    const order = shop.bank.orders.get(fresh)
    if (order === undefined) throw new Error('the bank has the order')
    await shop.bank.callback({ ...order, state: 'paid' }, { payee: 'shop' })
    expect((await shop.sees(fresh)).data).toMatchObject({ state: 1 })
    expect(shop.logged.map(({ fields }) => fields?.alarm)).toContain('payee_differs')
  })

  it('takes a split’s callback at its own address under any number that is in use', async () => {
    const { shop, bound, paid, shares } = await openSharing()
    const receiverId = await bound()
    const payOrderId = await paid()
    shop.bank.splitsWait = true
    await shares(payOrderId, [{ receiverId }])
    await swaps(shop, OTHER_MERCHANT)
    const [split] = shop.bank.splits.values()
    if (split === undefined) throw new Error('the bank has the split')
    const callbackUrl = `https://pay.example/api/account/notify/bank/${shop.accountId}`
    const told = split.shares.map((share) => ({ ...share, state: 'paid' }))
    const change = { shares: told, state: 'finished' }
    expect((await shop.bank.callback({ ...split, callbackUrl }, change)).status).toBe(200)
    expect((await shop.calls('/api/division/query', { payOrderId })).data).toMatchObject({
      state: 1,
    })
  })

  it('asks for a payer’s id under the settings that the jump began with', async () => {
    const { shop } = await openSharing()
    const jump = { ifCode: 'bank', redirectUrl: 'https://shop.example/' }
    const request = signedRequest('/api/channelUserId/jump', jump, shop.app)
    const consent = new URL(String((await shop.gateway.fetch(request)).headers.get('location')))
    const back = new URL(String(consent.searchParams.get('returnUrl')))
    back.search = `?code=C1&state=${consent.searchParams.get('state')}`
    await swaps(shop, OTHER_MERCHANT)
    const keys: (string | undefined)[] = []
    shop.bank.hears = (request) => void keys.push(request.headers['bank-key'])
    expect((await shop.gateway.fetch(new Request(back))).status).toBe(302)
    await shop.orders()
    expect(keys).toEqual(['secret-canary', 'key-2'])
  })
})

describe('keys that are rotated', () => {
  it('are used for what comes after, and not for what was sent before', async () => {
    const { shop } = await openSharing()
    const before = await shop.orders()
    await swaps(shop, { key: 'key-2' })
    const keys: (string | undefined)[] = []
    shop.bank.hears = (request) => void keys.push(request.headers['bank-key'])
    await shop.sees(before)
    await shop.orders()
    expect(keys).toEqual(['secret-canary', 'key-2'])
  })
})

describe('settings that were superseded', () => {
  it.each([
    ['a payment', async (shop: Shop) => void (await shop.orders())],
    [
      'a transfer',
      async (shop: Shop) => {
        shop.bank.transfersWait = true
        await shop.transfers()
      },
    ],
    [
      'a refund',
      async (shop: Shop) => {
        const payOrderId = await shop.orders()
        await shop.payerPays(payOrderId)
        shop.bank.refundsWait = true
        await shop.refunds(payOrderId)
      },
    ],
    [
      'a payment that waits to be shared by itself',
      async (shop: Shop) => {
        const payOrderId = await shop.orders({ divisionMode: 1 })
        await shop.payerPays(payOrderId)
      },
    ],
  ])('are drained once %s that was open has ended', async (_, opens) => {
    const { shop } = await openSharing()
    await opens(shop)
    await swaps(shop, OTHER_MERCHANT)
    await shop.sweeps()
    expect(await drained(shop)).toEqual(['1', '2'])
    for (const order of shop.bank.orders.values()) {
      if (order.state === 'unpaid') order.state = 'closed'
    }
    for (const thing of [...shop.bank.transfers.values(), ...shop.bank.refunds.values()]) {
      thing.state = 'paid'
    }
    await shop.passes(HOUR_MS, MINUTE_MS)
    expect(await drained(shop)).toEqual(['1 drained', '2'])
  })

  it('are drained at once when nothing is open, and those in use never are', async () => {
    const { shop } = await openSharing()
    await shop.sweeps()
    expect(await drained(shop)).toEqual(['1'])
    await swaps(shop, { key: 'key-2' })
    await swaps(shop, { key: 'key-3' })
    await shop.sweeps()
    expect(await drained(shop)).toEqual(['1 drained', '2 drained', '3'])
  })

  it('are in use again while a split, a return or a refund under them is open', async () => {
    const { shop, bound, paid, shares, returns } = await openSharing()
    const receiverId = await bound()
    const payOrderId = await paid()
    await swaps(shop, OTHER_MERCHANT)
    await shop.sweeps()
    expect(await drained(shop)).toEqual(['1 drained', '2'])

    shop.bank.splitsWait = true
    await shares(payOrderId, [{ receiverId }])
    await shop.sweeps()
    expect(await drained(shop)).toEqual(['1', '2'])
    const [split] = shop.bank.splits.values()
    if (split === undefined) throw new Error('the bank has the split')
    for (const share of split.shares) share.state = 'paid'
    split.state = 'finished'
    await shop.passes(10 * MINUTE_MS, MINUTE_MS)
    expect(await drained(shop)).toEqual(['1 drained', '2'])

    shop.bank.returnsWait = true
    await returns(payOrderId, { mchReturnNo: 'B1', receiverId, returnAmount: 1 })
    await shop.sweeps()
    expect(await drained(shop)).toEqual(['1', '2'])
    for (const back of shop.bank.returns.values()) back.state = 'paid'
    await shop.passes(HOUR_MS, MINUTE_MS)
    expect(await drained(shop)).toEqual(['1 drained', '2'])

    await shop.clock.advance(DAY_MS)
    expect((await shop.refunds(payOrderId)).data).toMatchObject({ state: 2 })
    expect(callsOf(shop, 'refund')).toHaveLength(1)
    expect(await drained(shop)).toEqual(['1', '2'])
    await shop.sweeps()
    expect(await drained(shop)).toEqual(['1 drained', '2'])
  })
})
