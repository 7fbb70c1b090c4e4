/**
 * What is to be done by the clock. Kept by day, since most of it is due when months have passed: a
 * tick reads the days that have come, and not the year that lies ahead.
 */
import * as z from 'zod'
import type { Milliseconds } from '../../../core/plugin/api.ts'
import type { Books } from '../../../core/plugin/simulator.ts'
import { beijingDay } from './beijing-time.ts'
import { hex } from './numbers.ts'
import type { Alipay } from './settings.ts'
import { type Shelf, shelf } from './shelf.ts'

const task = z.discriminatedUnion('what', [
  /** Nobody paid in time. */
  z.object({ what: z.literal('expire'), tradeId: z.string() }),
  /** Refunds are no longer possible. */
  z.object({ what: z.literal('finish'), tradeId: z.string() }),
  /** The payer at the till gives the password. */
  z.object({ what: z.literal('pay'), tradeId: z.string() }),
  z.object({ what: z.literal('refund'), tradeId: z.string(), outRequestNo: z.string() }),
  z.object({ what: z.literal('settle'), tradeId: z.string(), settleNo: z.string() }),
  z.object({
    what: z.literal('transfer'),
    transferId: z.string(),
    becomes: z.enum(['SUCCESS', 'FAIL', 'REFUND']),
  }),
])

export type Task = z.output<typeof task>

const planned = z.object({ atMs: z.number(), task })

type Planned = z.output<typeof planned>

const DAYS = 'days'

/** The days on which something is planned. */
const days = (books: Books): Shelf<string[]> => shelf(books, 'agenda', z.array(z.string()))
const tasksOf = (books: Books, day: string): Shelf<Planned> =>
  shelf(books, `agenda ${day}`, planned)

export async function plan({ books, random }: Alipay, atMs: Milliseconds, task: Task) {
  const day = beijingDay(atMs)
  await days(books).change(DAYS, (current = []) => ({
    document: current.includes(day) ? current : [...current, day].sort(),
    outcome: undefined,
  }))
  await tasksOf(books, day).put(hex(random, 12), { atMs, task })
}

/**
 * Does what is due, in the order of its times. A task is struck off when it has been done, so each
 * must be one that can be done twice.
 */
export async function doWhatIsDue(
  { books, clock }: Alipay,
  execute: (task: Task) => Promise<void>,
): Promise<void> {
  const nowMs = clock.now()
  const today = beijingDay(nowMs)
  const come = ((await days(books).get(DAYS)) ?? []).filter((day) => day <= today)
  for (const day of come) {
    const shelf = tasksOf(books, day)
    const due = (await shelf.list()).toSorted((a, b) => a.document.atMs - b.document.atMs)
    for (const { id, document } of due) {
      if (document.atMs > nowMs) continue
      await execute(document.task)
      await shelf.remove(id)
    }
    if (day < today) await forget(books, day)
  }
}

/** A day that is over holds nothing any more, and nothing new comes to it. */
async function forget(books: Books, day: string): Promise<void> {
  await days(books).change(DAYS, (current) => ({
    document: current?.filter((known) => known !== day),
    outcome: undefined,
  }))
}
