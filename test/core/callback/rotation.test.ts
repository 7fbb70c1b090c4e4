import { describe, expect, it } from 'vitest'
import { changeSettings } from '../../../core/merchant/accounts.ts'
import { type AnyChannel, ok, refuse } from '../../../core/plugin/api.ts'
import { bankChannel } from '../../kit/bank-channel.ts'
import { openShop, type Shop } from '../../kit/shop.ts'

/** The kit's channel at a bank that names the key of its account with each call. */
const keyedBank: AnyChannel = {
  ...bankChannel,
  bind(settings) {
    const bound = bankChannel.bind(settings)
    if (!bound.ok) return bound
    const { key } = settings as { readonly key: string }
    return ok({
      ...bound.value,
      readCallback: async (ports, call) =>
        call.headers['x-key'] === key
          ? bound.value.readCallback(ports, call)
          : refuse({ code: 'unverifiable', reason: 'another key' }),
    })
  },
}

async function callsBack(shop: Shop, payOrderId: string, key: string): Promise<number> {
  const body = JSON.stringify({
    number: payOrderId,
    amount: 1000,
    state: 'paid',
    payee: 'shop',
    channelNo: `B${payOrderId}`,
    atMs: shop.clock.now(),
    sign: 'bank',
  })
  const { status } = await shop.gateway.fetch(
    new Request(`https://pay.example/api/pay/notify/bank/${payOrderId}`, {
      method: 'POST',
      headers: { 'x-key': key },
      body,
    }),
  )
  await shop.settles()
  return status
}

async function rotated() {
  const shop = await openShop({ channel: keyedBank })
  const payOrderId = await shop.orders()
  const changed = await changeSettings(shop.gateway.core, shop.accountId, {
    merchant: 'shop',
    key: 'the new key',
  })
  expect(changed.ok).toBe(true)
  return { shop, payOrderId }
}

describe('a callback after the key of an account was changed', () => {
  it.each(['secret-canary', 'the new key'])(
    'about a payment of before is believed when it is signed with %s',
    async (key) => {
      const { shop, payOrderId } = await rotated()
      expect(await callsBack(shop, payOrderId, key)).toBe(200)
      expect((await shop.sees(payOrderId)).data?.state).toBe(2)
    },
  )

  it('is not believed under a key that the account never had', async () => {
    const { shop, payOrderId } = await rotated()
    expect(await callsBack(shop, payOrderId, 'a forged key')).toBe(400)
    expect((await shop.sees(payOrderId)).data?.state).toBe(1)
  })

  it('tells of money that came to a closed payment, of which nobody would ask again', async () => {
    const { shop, payOrderId } = await rotated()
    expect((await shop.closes(payOrderId)).code).toBe(0)
    await shop.clock.advance(1_000)
    expect(await callsBack(shop, payOrderId, 'the new key')).toBe(200)
    expect((await shop.sees(payOrderId)).data?.state).toBe(2)
  })
})
