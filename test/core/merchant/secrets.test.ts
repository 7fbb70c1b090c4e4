import { describe, expect, it } from 'vitest'
import {
  endPreviousSecret,
  rotateAppSecret,
  secretForTry,
  secretsInForce,
} from '../../../core/merchant/secrets.ts'
import { signJeepay } from '../../../core/signing/jeepay.ts'
import { DAY_MS, HOUR_MS, MINUTE_MS } from '../../../core/time.ts'
import { type App, type Envelope, openShop, type Shop, saying } from '../../kit/shop.ts'

const REFUSED = { code: 9999, msg: '验签失败' }

/** Rotates with the given overlap. @returns the app as it signs with the new secret */
async function rotates(shop: Shop, overlapMs: number): Promise<App> {
  const { core } = shop.gateway
  const rotated = await rotateAppSecret(core, shop.app.appId, shop.clock.now() + overlapMs)
  if (!rotated.ok) throw new Error(`not rotated: ${rotated.refusal.code}`)
  return { ...shop.app, appSecret: rotated.value.appSecret }
}

/** Whether an answer or notification was signed with a secret. */
function isSignedWith(secret: string, fields: Envelope['data'], sign: string | undefined): boolean {
  const texts = Object.entries(fields ?? {}).map(([name, value]) => [name, String(value)] as const)
  return signJeepay(texts, secret) === sign
}

function tellingSecrets(shop: Shop, secrets: Readonly<Record<string, string>>) {
  return shop.told.map(({ fields }) =>
    Object.keys(secrets).find((name) => isSignedWith(secrets[name] ?? '', fields, fields.sign)),
  )
}

describe('a secret that is rotated', () => {
  it('verifies beside the new one until its time, and each answer is signed as its request', async () => {
    const shop = await openShop()
    const payOrderId = await shop.orders()
    const renewed = await rotates(shop, HOUR_MS)
    for (const caller of [shop.app, renewed]) {
      const answer = await shop.sees(payOrderId, caller)
      expect(answer).toMatchObject({ code: 0, data: { payOrderId } })
      expect(isSignedWith(caller.appSecret, answer.data, answer.sign)).toBe(true)
    }
    await shop.clock.advance(HOUR_MS - 1)
    expect(await shop.sees(payOrderId, shop.app)).toMatchObject({ code: 0 })
    await shop.clock.advance(1)
    expect(await shop.sees(payOrderId, shop.app)).toEqual(REFUSED)
    expect(await shop.sees(payOrderId, renewed)).toMatchObject({ code: 0 })
  })

  it('costs a query no round trip more', async () => {
    const shop = await openShop()
    const payOrderId = await shop.orders()
    await shop.payerPays(payOrderId)
    await rotates(shop, HOUR_MS)
    await shop.sees(payOrderId)
    const before = shop.roundTrips()
    await shop.sees(payOrderId)
    expect(shop.roundTrips() - before).toBe(1)
  })

  it.each([0, -1])('ends at once when its time is over already (%d ms)', async (overlapMs) => {
    const shop = await openShop()
    const payOrderId = await shop.orders()
    const renewed = await rotates(shop, overlapMs)
    expect(await shop.sees(payOrderId, shop.app)).toEqual(REFUSED)
    expect(await shop.sees(payOrderId, renewed)).toMatchObject({ code: 0 })
  })

  it('can be ended early, which is heard at once everywhere', async () => {
    const shop = await openShop()
    const payOrderId = await shop.orders()
    const renewed = await rotates(shop, DAY_MS)
    expect(await shop.sees(payOrderId, shop.app)).toMatchObject({ code: 0 })
    expect(await endPreviousSecret(shop.gateway.core, shop.app.appId)).toBe(true)
    expect(await shop.sees(payOrderId, shop.app)).toEqual(REFUSED)
    expect(await shop.sees(payOrderId, renewed)).toMatchObject({ code: 0 })
    expect(await endPreviousSecret(shop.gateway.core, shop.app.appId)).toBe(false)
  })

  it('is not rotated again before that: a merchant that has not changed over would be cut off', async () => {
    const shop = await openShop()
    const { core } = shop.gateway
    await rotates(shop, HOUR_MS)
    const untilMs = shop.clock.now() + HOUR_MS
    expect(await rotateAppSecret(core, shop.app.appId, untilMs + HOUR_MS)).toEqual({
      ok: false,
      refusal: { code: 'rotation_under_way', untilMs },
    })
    await shop.clock.advance(HOUR_MS)
    await rotates(shop, HOUR_MS)
  })

  it('is rotated once by two operators at the same time, who are told so', async () => {
    const shop = await openShop()
    const { core } = shop.gateway
    const payOrderId = await shop.orders()
    const both = await Promise.all([
      rotateAppSecret(core, shop.app.appId, shop.clock.now() + HOUR_MS),
      rotateAppSecret(core, shop.app.appId, shop.clock.now() + HOUR_MS),
    ])
    expect(both.filter(({ ok }) => ok)).toHaveLength(1)
    for (const rotated of both) {
      if (!rotated.ok) expect(rotated.refusal).toEqual({ code: 'rotated_meanwhile' })
      else {
        const renewed = { ...shop.app, appSecret: rotated.value.appSecret }
        expect(await shop.sees(payOrderId, renewed)).toMatchObject({ code: 0 })
      }
    }
    expect(await shop.sees(payOrderId, shop.app)).toMatchObject({ code: 0 })
  })

  it('is none of an app that does not exist', async () => {
    const shop = await openShop()
    expect(await rotateAppSecret(shop.gateway.core, 'nobody' as never, 0)).toEqual({
      ok: false,
      refusal: { code: 'app_not_found' },
    })
  })
})

describe('notifications while a secret is rotated', () => {
  it('are signed with the new secret, and in turn with the old one where that is not accepted', async () => {
    const shop = await openShop()
    const payOrderId = await shop.orders()
    const renewed = await rotates(shop, DAY_MS)
    shop.merchantAnswers.push(saying('fail'), saying('fail'))
    await shop.payerPays(payOrderId)
    await shop.passes(5 * MINUTE_MS)
    const secrets = { old: shop.app.appSecret, new: renewed.appSecret }
    expect(tellingSecrets(shop, secrets)).toEqual(['new', 'old', 'new'])
  })

  it('are signed with the new one alone when the overlap is over', async () => {
    const shop = await openShop()
    const payOrderId = await shop.orders()
    const renewed = await rotates(shop, 20_000)
    shop.merchantAnswers.push(saying('fail'), saying('fail'))
    await shop.payerPays(payOrderId)
    await shop.passes(5 * MINUTE_MS)
    const secrets = { old: shop.app.appSecret, new: renewed.appSecret }
    expect(tellingSecrets(shop, secrets)).toEqual(['new', 'new', 'new'])
  })
})

describe("the payer's way back", () => {
  it('is signed with the new secret, also where the old one was remembered', async () => {
    const shop = await openShop()
    const payOrderId = await shop.orders({ returnUrl: 'https://shop.example/back' })
    const renewed = await rotates(shop, DAY_MS)
    const back = `https://pay.example/api/pay/return/bank/${payOrderId}`
    const answer = await shop.gateway.fetch(new Request(back))
    const query = new URL(answer.headers.get('location') ?? '').searchParams
    const { sign, ...fields } = Object.fromEntries(query)
    expect(isSignedWith(renewed.appSecret, fields, sign)).toBe(true)
  })
})

describe('which secrets are in force', () => {
  const rotating = { current: 'new', previous: { secret: 'old', untilMs: 100 } }

  it.each([
    [{ current: 'new', previous: undefined }, 0, ['new']],
    [rotating, 99, ['new', 'old']],
    [rotating, 100, ['new']],
  ] as const)('of %j at %d: %j', (secrets, nowMs, inForce) => {
    expect(secretsInForce(secrets, nowMs)).toEqual(inForce)
  })

  it.each([
    [1, 99, 'new'],
    [2, 99, 'old'],
    [3, 99, 'new'],
    [2, 100, 'new'],
  ])('signs try %d at %d with the %s one', (number, nowMs, secret) => {
    expect(secretForTry(rotating, number, nowMs)).toBe(secret)
  })
})
