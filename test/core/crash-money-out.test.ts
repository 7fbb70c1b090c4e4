import { describe, expect, it } from 'vitest'
import { createGroup } from '../../core/split/receivers.ts'
import { HOUR_MS, MINUTE_MS, SECOND_MS } from '../../core/time.ts'
import { type Fault, faultyDatabase } from '../kit/faulty-database.ts'
import { openSharing, type SharingShop } from '../kit/sharing.ts'
import { NOTIFY_URL, type Shop } from '../kit/shop.ts'

/** As in `crash.test.ts`, with the database failing at each batch of what moves money out. */
interface Story {
  /** Up to the moment of the fault. */
  before(sharing: SharingShop): Promise<Told>
  /** Under the fault; repeated by its merchant once the database is back. */
  acts(sharing: SharingShop, told: Told): Promise<unknown>
  readonly repeats: boolean
  /** How many of each the bank has in the end. */
  readonly ends: { readonly transfers: number; readonly splits: number; readonly returns: number }
  /** What is set aside of the payment, if there is one. */
  readonly reserved?: number
}
interface Told {
  readonly payOrderId: string
  readonly receiverId: number
}

async function ready(sharing: SharingShop): Promise<Told> {
  const receiverId = await sharing.bound()
  return { receiverId, payOrderId: await sharing.paid() }
}

const sweeps = (shop: Shop) => shop.sweeps().catch(() => undefined)

const stories: Readonly<Record<string, Story>> = {
  'a transfer': {
    before: async () => ({ payOrderId: '', receiverId: 0 }),
    acts: ({ shop }) => shop.transfers({ mchOrderNo: 'T1' }),
    repeats: true,
    ends: { transfers: 1, splits: 0, returns: 0 },
  },
  'a sweep that sends a transfer again': {
    async before({ shop }) {
      shop.bank.will('transfer', 'silent_before')
      await shop.transfers({ mchOrderNo: 'T1' })
      await shop.clock.advance(2 * MINUTE_MS)
      return { payOrderId: '', receiverId: 0 }
    },
    acts: ({ shop }) => sweeps(shop),
    repeats: false,
    ends: { transfers: 1, splits: 0, returns: 0 },
  },
  'a division': {
    before: ready,
    acts: ({ shares }, { payOrderId, receiverId }) =>
      shares(payOrderId, [{ receiverId }], { notifyUrl: NOTIFY_URL }),
    repeats: true,
    ends: { transfers: 0, splits: 1, returns: 0 },
    reserved: 298,
  },
  'a payment that is shared by itself': {
    async before(sharing) {
      const { shop } = sharing
      const { merchantNo } = shop.app
      const group = { merchantNo, name: '自动', isAutomatic: true }
      const receiverGroupId = await createGroup(shop.gateway.core, group)
      const receiverId = await sharing.bound({ receiverGroupId })
      const payOrderId = await sharing.paid({ divisionMode: 1 })
      await shop.clock.advance(MINUTE_MS)
      return { payOrderId, receiverId }
    },
    acts: ({ shop }) => sweeps(shop),
    repeats: false,
    ends: { transfers: 0, splits: 1, returns: 0 },
    reserved: 298,
  },
  'a return of a share': {
    async before(sharing) {
      const told = await ready(sharing)
      await sharing.shares(told.payOrderId, [{ receiverId: told.receiverId }])
      return told
    },
    acts: ({ returns }, { payOrderId, receiverId }) =>
      returns(payOrderId, {
        mchReturnNo: 'B1',
        receiverId,
        returnAmount: 98,
        notifyUrl: NOTIFY_URL,
      }),
    repeats: true,
    ends: { transfers: 0, splits: 1, returns: 1 },
    reserved: 200,
  },
}

const faults: readonly Fault[] = [
  { when: 'before', lasts: 'once' },
  { when: 'after', lasts: 'once' },
  { when: 'before', lasts: 'until mended' },
  { when: 'after', lasts: 'until mended' },
]
const cases = Object.entries(stories).flatMap(([name, story]) =>
  faults.map((fault) => ({ name, story, fault })),
)

describe('a database that fails in the middle', () => {
  it.each(cases)('of $name ($fault.when the commit, $fault.lasts)', async ({ story, fault }) => {
    let batches = 0
    while (!(await happens(story, fault, batches + 1))) batches++
    expect(batches).toBeGreaterThan(0)
  })
})

/** Tells a story with a fault at one batch. @returns whether the story has fewer batches */
async function happens(story: Story, fault: Fault, atBatch: number): Promise<boolean> {
  const faulty = faultyDatabase()
  const sharing = await openSharing({ wrapDatabase: faulty.wrap })
  const { shop } = sharing
  const told = await story.before(sharing)
  faulty.arm(fault, atBatch)
  await story.acts(sharing, told)
  await shop.settles()
  const isOver = !faulty.hasFailed()
  faulty.mend()
  shop.restarts()
  await shop.clock.advance(MINUTE_MS)
  if (story.repeats) expect(await story.acts(sharing, told)).toMatchObject({ code: 0 })
  await shop.passes(4 * MINUTE_MS, 15 * SECOND_MS)
  await shop.passes(2 * HOUR_MS, 20 * MINUTE_MS)
  await expectWell(shop, story)
  return isOver
}

async function expectWell(shop: Shop, { ends, reserved }: Story): Promise<void> {
  const { transfers, splits, returns } = shop.bank
  expect({ transfers: transfers.size, splits: splits.size, returns: returns.size }).toEqual(ends)
  const select = (sql: string) => ({ sql, args: [] })
  const [states, sums, undelivered, versions, told] = await shop.database.batch(
    [
      select(
        'select state from transfers union all select state from splits union all select state from split_returns',
      ),
      select('select split_reserved_minor, frozen_because, split_state from payments'),
      select("select count(*) from outbox where state <> 'delivered'"),
      // A version for each event and an event for each version.
      select(`select count(*) from (
        select transfer_id as id, version from transfers union all
        select split_id, version from splits union all
        select split_return_id, version from split_returns) thing
        where version <> (select count(*) from events where subject_id = thing.id)`),
      select('select count(*) from outbox group by subject_id having count(*) > 1'),
    ],
    'read',
  )
  const isEnd = (state: unknown) => state === 'succeeded' || state === 'finished'
  expect(states?.flat().filter((state) => !isEnd(state))).toEqual([])
  expect(states).toHaveLength(ends.transfers + ends.splits + ends.returns)
  if (reserved !== undefined) expect(sums).toEqual([[reserved, null, 'finished']])
  expect([undelivered, versions, told]).toEqual([[[0]], [[0]], []])
}
