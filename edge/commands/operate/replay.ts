import type { AppId, NotificationId } from '../../../core/ids.ts'
import {
  type ReplayBatch,
  type ReplayCursor,
  replayExhausted,
  replayNotification,
  replayRange,
} from '../../../core/notification/replay.ts'
import { noteReplay } from '../../../core/operator/note-replay.ts'
import { type Command, type Given, type Operator, Wrong } from './command.ts'

export const replay: Command = {
  usage:
    '<notificationId> --note <why>, or --exhausted [--app <appId>] --note <why>, or --app <appId> --from <time> --until <time> --note <why>',
  does: 'tells a merchant again: of one thing, of all that was given up, or of all that an app had in a time',
  options: {
    exhausted: { type: 'boolean' },
    app: { type: 'string' },
    from: { type: 'string' },
    until: { type: 'string' },
    note: { type: 'string' },
  },
  async run(operator, given) {
    const { core, print } = operator
    const notificationId = given.placeIfAny(0) as NotificationId | undefined
    if (notificationId !== undefined) {
      alone(given, ['exhausted', 'app', 'from', 'until'], 'one notification')
      await keepNote(operator, notificationId, given.option('note'))
      if (await replayNotification(core, notificationId)) return print('1 told again')
      throw new Wrong(`${notificationId} is being told right now`)
    }
    const batchAfter = batches(operator, given)
    const appId = given.optionIfAny('app') as AppId | undefined
    await keepNote(operator, appId ?? 'all', given.option('note'))
    let count = 0
    let after: ReplayCursor | undefined
    do {
      const batch = await batchAfter(after)
      count += batch.replayed.length
      after = batch.next
    } while (after !== undefined)
    print(`${count} told again`)
  },
}

async function keepNote(
  { core }: Operator,
  what: NotificationId | AppId | 'all',
  note: string,
): Promise<void> {
  if (!(await noteReplay(core, what, note))) throw new Wrong(`there is no ${what}`)
}

type BatchAfter = (after: ReplayCursor | undefined) => Promise<ReplayBatch>

function batches({ core }: Operator, given: Given): BatchAfter {
  if (given.flag('exhausted')) {
    alone(given, ['from', 'until'], 'all that was given up')
    const appId = given.optionIfAny('app') as AppId | undefined
    const which = appId === undefined ? {} : { appId }
    return (after) => replayExhausted(core, after === undefined ? which : { ...which, after })
  }
  const range = {
    appId: given.option('app') as AppId,
    fromMs: timeIn(given, 'from'),
    untilMs: timeIn(given, 'until'),
  }
  return (after) => replayRange(core, range, after === undefined ? {} : { after })
}

function alone(given: Given, options: readonly string[], what: string): void {
  const other = options.find((name) => given.flag(name) || given.optionIfAny(name) !== undefined)
  if (other !== undefined) throw new Wrong(`${what}, or --${other}; not both`)
}

/** With its zone: an operator and a server need not be in the same one. */
function timeIn(given: Given, name: string): number {
  const text = given.option(name)
  const ms = /T.+(Z|[+-]\d\d:\d\d)$/.test(text) ? Date.parse(text) : Number.NaN
  if (Number.isNaN(ms)) throw new Wrong(`--${name} is a time such as 2026-01-31T08:00:00+08:00`)
  return ms
}
