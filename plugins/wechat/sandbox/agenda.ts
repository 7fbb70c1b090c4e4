import * as z from 'zod'
import type { Milliseconds } from '../../../core/plugin/api.ts'
import type { Wechat } from './settings.ts'
import { type Shelf, shelf } from './shelf.ts'

const task = z.discriminatedUnion('kind', [
  z.object({
    kind: z.literal('refund'),
    orderId: z.string(),
    outRefundNo: z.string(),
    end: z.enum(['SUCCESS', 'CLOSED', 'ABNORMAL']),
  }),
  /** The payer types the password, or puts the phone away. */
  z.object({ kind: z.literal('till'), orderId: z.string(), next: z.enum(['pay', 'cancel']) }),
  z.object({ kind: z.literal('split'), orderId: z.string(), outOrderNo: z.string() }),
  z.object({ kind: z.literal('split_return'), orderId: z.string(), outReturnNo: z.string() }),
  z.object({ kind: z.literal('release'), orderId: z.string() }),
  z.object({
    kind: z.literal('transfer'),
    transferId: z.string(),
    next: z.enum(['offer', 'arrive', 'expire', 'give_back']),
  }),
])

export type Task = z.output<typeof task>

const entry = z.object({ dueAtMs: z.number(), task })

/** What happens by the clock alone, and when. */
const agenda = ({ books }: Wechat): Shelf<z.output<typeof entry>> => shelf(books, 'agenda', entry)

/** The same thing is on the agenda once. */
function idOf(task: Task): string {
  switch (task.kind) {
    case 'refund':
      return `refund/${task.orderId}/${task.outRefundNo}`
    case 'till':
    case 'release':
      return `${task.kind}/${task.orderId}`
    case 'split':
      return `split/${task.orderId}/${task.outOrderNo}`
    case 'split_return':
      return `split_return/${task.orderId}/${task.outReturnNo}`
    case 'transfer':
      return `transfer/${task.transferId}/${task.next}`
  }
}

export async function plan(wechat: Wechat, task: Task, dueAtMs: Milliseconds): Promise<void> {
  await agenda(wechat).put(idOf(task), { dueAtMs, task })
}

export async function unplan(wechat: Wechat, task: Task): Promise<void> {
  await agenda(wechat).remove(idOf(task))
}

/** Does what is due, in the order in which it became so; what that plans anew is for the next time. */
export async function doWhatIsDue(
  wechat: Wechat,
  carryOut: (task: Task) => Promise<void>,
): Promise<void> {
  const nowMs = wechat.clock.now()
  const due = (await agenda(wechat).list())
    .filter(({ document }) => document.dueAtMs <= nowMs)
    .sort((a, b) => a.document.dueAtMs - b.document.dueAtMs)
  for (const { id, document } of due) {
    await carryOut(document.task)
    await agenda(wechat).change(id, (kept) => ({
      // What was planned again meanwhile stays.
      document: kept?.dueAtMs === document.dueAtMs ? undefined : kept,
      outcome: undefined,
    }))
  }
}
