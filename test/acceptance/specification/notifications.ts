import { describe, expect, it } from 'vitest'
import type { Reaction } from '../../kit/merchant-server.ts'
import { until } from '../../kit/until.ts'
import { endsPaid, type Here, type World } from './world.ts'

const SECOND_MS = 1_000

const REFUSALS: readonly (readonly [string, Reaction])[] = [
  ['answers something else', { status: 200, body: 'ok' }],
  ['answers 500', { status: 500, body: 'oops' }],
  ['sends us elsewhere', { status: 302, body: '' }],
  ['breaks the connection', 'reset'],
]

export function specifyNotifications(here: Here): void {
  describe('a merchant who is to be told', () => {
    it.each(REFUSALS)(
      'and %s is told again, word for word, until it accepts',
      async (_, refusal) => {
        const { shop } = here()
        const { payOrderId, inbox } = await shop.orders()
        inbox.reacts(refusal)
        await shop.sandbox.pays(payOrderId)
        await afterTries(here(), payOrderId, 1)
        await shop.sandbox.passes(25 * SECOND_MS)
        await afterTries(here(), payOrderId, 1)
        await shop.sandbox.passes(5 * SECOND_MS)
        await afterTries(here(), payOrderId, 2)

        inbox.reacts('success')
        await shop.sandbox.passes(60 * SECOND_MS)
        await afterTries(here(), payOrderId, 3)
        await shop.sandbox.passes(600 * SECOND_MS)
        expect((await shop.sandbox.order(payOrderId)).notifications).toMatchObject([
          { state: 'delivered', tries: [{ number: 1 }, { number: 2 }, { number: 3 }] },
        ])
        expect(new Set(inbox.heard.map(({ text }) => text)).size).toBe(1)
      },
    )

    it('and answers SUCCESS with a line break and a status of its own has accepted', async () => {
      const { shop } = here()
      const { payOrderId, inbox } = await shop.orders()
      inbox.reacts({ status: 400, body: ' SUCCESS\n' })
      await shop.sandbox.pays(payOrderId)
      await afterTries(here(), payOrderId, 1)
      await shop.sandbox.passes(600 * SECOND_MS)
      expect(inbox.heard).toHaveLength(1)
    })

    it('and refuses is told six times in eight minutes, and goes on being told', async () => {
      const { shop } = here()
      const { payOrderId, inbox } = await shop.orders()
      inbox.reacts({ status: 200, body: 'fail' })
      await shop.sandbox.pays(payOrderId)
      await afterTries(here(), payOrderId, 1)
      for (const [at, gap] of [30, 60, 90, 120, 150].entries()) {
        await shop.sandbox.passes(gap * SECOND_MS)
        await afterTries(here(), payOrderId, at + 2)
      }
      await shop.sandbox.passes(330 * SECOND_MS)
      await afterTries(here(), payOrderId, 7)
      expect(inbox.heard).toHaveLength(7)
      expect(new Set(inbox.heard.map(({ text }) => text)).size).toBe(1)
    })

    it('without an address is not told, and sees the payment when it asks', async () => {
      const { shop } = here()
      const { payOrderId } = await shop.orders({ notifyUrl: '' })
      await shop.sandbox.pays(payOrderId)
      expect(await shop.sees(payOrderId)).toMatchObject({ state: 2 })
      expect((await shop.sandbox.order(payOrderId)).notifications).toEqual([])
    })

    it('of one payment is not kept waiting by the deaf ears of another', async () => {
      const { shop } = here()
      const deaf = await shop.orders()
      const other = await shop.orders()
      deaf.inbox.reacts('hang')
      await shop.sandbox.pays(deaf.payOrderId)
      await deaf.inbox.hears(1)
      await shop.sandbox.pays(other.payOrderId)
      await endsPaid(here(), other)
      // Later tests put the clock forward, and would wait for the deaf ears again.
      deaf.inbox.reacts('success')
    })
  })
}

/** The tries so far have ended, however they did. */
async function afterTries({ shop }: World, payOrderId: string, count: number): Promise<void> {
  await until(async () => {
    const { notifications } = await shop.sandbox.order(payOrderId)
    const tries = notifications.flatMap((one) => one.tries)
    return tries.length === count && tries.every(({ status, problem }) => status ?? problem)
  }, `${count} tries to tell of ${payOrderId}`)
}
