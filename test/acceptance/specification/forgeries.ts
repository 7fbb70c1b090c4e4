import { describe, expect, it } from 'vitest'
import { endsPaid, expectNothingInside, type Here, type World, withoutEffect } from './world.ts'

/** A callback as the channel sent it, byte for byte. */
interface Recorded {
  readonly headers: Readonly<Record<string, string>>
  readonly body: Uint8Array<ArrayBuffer>
}

export function specifyForgeries(here: Here): void {
  describe('a callback', () => {
    it('that comes again, byte for byte, is acknowledged and changes nothing', async () => {
      const { payOrderId } = await paid(here())
      const recorded = await callbackOf(here(), payOrderId)
      const answer = await withoutEffect(here(), () => tell(here(), payOrderId, recorded))
      expect(answer).toMatchObject({ status: 200 })
    })

    it('that was meant for another order changes nothing', async () => {
      const { shop } = here()
      const { payOrderId: other } = await paid(here())
      const { payOrderId, inbox } = await shop.orders()
      const recorded = await callbackOf(here(), other)
      const answer = await withoutEffect(here(), () => tell(here(), payOrderId, recorded))
      expect(answer.status).toBeGreaterThanOrEqual(400)
      expect(answer.status).toBeLessThan(500)
      expect(await shop.sees(payOrderId)).toMatchObject({ state: 1 })
      expect(inbox.heard).toEqual([])
    })

    it.each([
      [
        'whose body was changed',
        ({ headers, body }: Recorded) => ({ headers, body: flipped(body) }),
      ],
      [
        'whose signature was changed',
        ({ headers, body }: Recorded) => ({
          headers: { ...headers, 'wechatpay-signature': 'AAAA' },
          body,
        }),
      ],
      [
        'whose time was changed',
        ({ headers, body }: Recorded) => ({
          headers: { ...headers, 'wechatpay-timestamp': String(Math.floor(Date.now() / 1_000)) },
          body,
        }),
      ],
      [
        'signed with a key that nobody knows',
        ({ headers, body }: Recorded) => ({
          headers: { ...headers, 'wechatpay-serial': 'PUB_KEY_ID_0000000000' },
          body,
        }),
      ],
      ['without a signature', ({ body }: Recorded) => ({ headers: {}, body })],
      ['of nothing', () => ({ headers: {}, body: new Uint8Array() })],
    ])('%s changes nothing', async (_, forge) => {
      const { shop } = here()
      const { payOrderId } = await paid(here())
      const recorded = await callbackOf(here(), payOrderId)
      const victim = await shop.orders()
      for (const target of [payOrderId, victim.payOrderId]) {
        const answer = await withoutEffect(here(), () => tell(here(), target, forge(recorded)))
        expect(answer.status).toBeGreaterThanOrEqual(400)
        expect(answer.status).toBeLessThan(500)
      }
      expect(await shop.sees(victim.payOrderId)).toMatchObject({ state: 1 })
    })

    it('about an order that does not exist is turned away', async () => {
      const { payOrderId } = await paid(here())
      const recorded = await callbackOf(here(), payOrderId)
      const unknown = await withoutEffect(here(), () => tell(here(), 'P1', recorded))
      expect(unknown).toMatchObject({ status: 404, text: 'order not exists' })
    })

    it('of ten megabytes is turned away', async () => {
      const { payOrderId } = await paid(here())
      const huge = { headers: {}, body: new Uint8Array(10 * 1_024 * 1_024) }
      const answer = await withoutEffect(here(), () => tell(here(), payOrderId, huge))
      expect(answer).toMatchObject({ status: 413 })
    })
  })
}

async function paid(world: World) {
  const ordered = await world.shop.orders()
  await world.shop.sandbox.pays(ordered.payOrderId)
  await endsPaid(world, ordered)
  return ordered
}

/** The gateway keeps each callback as it came in. */
async function callbackOf({ rows }: World, payOrderId: string): Promise<Recorded> {
  const [row] = await rows.select(
    'select headers, body from inbound_calls where reference = ? and verdict = ?',
    payOrderId,
    'accepted',
  )
  const [headers, body] = row ?? []
  return { headers: JSON.parse(String(headers)), body: Uint8Array.from(body as Uint8Array) }
}

async function tell(
  world: World,
  payOrderId: string,
  { headers, body }: Recorded,
): Promise<{ readonly status: number; readonly text: string }> {
  const kept = Object.entries(headers).filter(
    ([name]) => name.startsWith('wechatpay-') || name === 'content-type',
  )
  const response = await fetch(`${world.shop.baseUrl}/api/pay/notify/wxpay/${payOrderId}`, {
    method: 'POST',
    headers: Object.fromEntries(kept),
    body,
  })
  const text = await response.text()
  expectNothingInside(text, world)
  return { status: response.status, text }
}

/** One bit, in the middle. */
function flipped(body: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  const middle = body.length >> 1
  return body.map((byte, at) => (at === middle ? byte ^ 1 : byte))
}
