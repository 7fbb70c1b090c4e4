import { describe, expect, it } from 'vitest'
import { replayExhausted } from '../../../core/notification/replay.ts'
import { reopenEndpoint } from '../../../core/operator/reopen.ts'
import { listWork, type WorkKind } from '../../../core/operator/work-list.ts'
import { HOUR_MS, MINUTE_MS } from '../../../core/time.ts'
import { openShop, type Shop, saying } from '../../kit/shop.ts'

/** What telling merchants leaves behind is what the work list shows, and what an operator opens again. */

const ORIGIN = 'https://shop.example'
const work = async (shop: Shop, kind: WorkKind) =>
  (await listWork(shop.gateway.core, kind, { limit: 10, after: undefined })).items
const reopens = (shop: Shop) =>
  reopenEndpoint(
    shop.gateway.core,
    { appId: shop.app.appId, origin: ORIGIN },
    'the merchant has moved back',
  )

async function paidAt(shop: Shop): Promise<string> {
  const payOrderId = await shop.orders()
  await shop.payerPays(payOrderId)
  return payOrderId
}

describe('an address that answered 410', () => {
  it('is on the work list with what was given up; opened again, it is told what is replayed and all that comes', async () => {
    let isGone = true
    const shop = await openShop({
      merchantAnswers: () => (isGone ? saying('gone', 410) : undefined),
    })
    const first = await paidAt(shop)
    await shop.clock.advance(1)
    const second = await paidAt(shop)
    await shop.passes(HOUR_MS, MINUTE_MS)
    expect(shop.told).toHaveLength(1)
    const id = `${shop.app.appId} ${ORIGIN}`
    expect(await work(shop, 'endpoint_gone')).toMatchObject([
      { id, appId: shop.app.appId, facts: { origin: ORIGIN, failures: 1 }, can: ['reopen'] },
    ])
    const givenUp = await work(shop, 'notification')
    expect(givenUp.map(({ facts }) => facts.subjectId)).toEqual([first, second])
    expect(givenUp.map(({ can }) => can)).toEqual([['replay'], ['replay']])

    isGone = false
    expect(await reopens(shop)).toMatchObject({ ok: true })
    expect(await reopens(shop)).toMatchObject({ ok: false })
    expect(await work(shop, 'endpoint_gone')).toEqual([])
    // What came meanwhile waits for a word of its own; what comes from now on does not.
    await shop.passes(HOUR_MS, MINUTE_MS)
    expect(shop.told).toHaveLength(1)
    const third = await paidAt(shop)
    expect(shop.told.at(-1)?.fields).toMatchObject({ payOrderId: third })
    expect((await replayExhausted(shop.gateway.core)).replayed).toHaveLength(2)
    await shop.passes(MINUTE_MS)
    // They are due together and go out side by side: which arrives first is not promised.
    const replayed = shop.told.slice(2).map(({ fields }) => fields.payOrderId)
    expect(replayed.toSorted()).toEqual([first, second].toSorted())
    expect(await work(shop, 'notification')).toEqual([])
  })
})

describe('an address that fails again and again', () => {
  it.each([
    [
      'an operator opens it again',
      async (shop: Shop) => expect((await reopens(shop)).ok).toBe(true),
    ],
    ['it is found to be well', (shop: Shop) => shop.passes(3 * HOUR_MS, MINUTE_MS)],
  ])('is on the work list while it is tried less often, until %s', async (_, ends) => {
    let isWell = false
    const shop = await openShop({
      merchantAnswers: () => (isWell ? undefined : saying('error', 500)),
    })
    for (let payments = 0; payments < 3; payments++) await paidAt(shop)
    expect(await work(shop, 'endpoint_open')).toEqual([])
    await shop.passes(HOUR_MS, MINUTE_MS)
    const id = `${shop.app.appId} ${ORIGIN}`
    expect(await work(shop, 'endpoint_open')).toMatchObject([{ id, can: ['reopen'] }])

    isWell = true
    await ends(shop)
    expect(await work(shop, 'endpoint_open')).toEqual([])
    await shop.passes(3 * HOUR_MS, MINUTE_MS)
    expect(await work(shop, 'notification')).toEqual([])
    const sql = 'select state, count(*) from outbox group by state'
    const [rows] = await shop.database.batch([{ sql, args: [] }], 'read')
    expect(rows).toEqual([['delivered', 3]])
  })
})
