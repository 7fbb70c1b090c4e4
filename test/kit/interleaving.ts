import { AsyncLocalStorage } from 'node:async_hooks'
import type { Database } from '../../core/ports.ts'

/** Several runs over one database, of which one at a time may do its next batch. */
export interface Interleaving {
  wrap(database: Database): Database
  /**
   * Starts all runs, and lets them do their batches in the order that `choose` says.
   *
   * @param choose which of the runs that are not over goes on, by its place in the list of them.
   *   Runs that are alike and have not begun are one place: it is all one which of them begins.
   */
  run(
    runs: readonly (() => Promise<unknown>)[],
    areAlike: boolean,
    choose: (waiting: number) => number,
  ): Promise<void>
}

interface Runner {
  /** Lets its next batch through, when it waits for one. */
  goOn: (() => void) | undefined
  hasBegun: boolean
  isOver: boolean
}

export function interleaving(): Interleaving {
  const current = new AsyncLocalStorage<Runner>()
  let moved = () => {}

  return {
    wrap: (database) => ({
      async batch(statements, mode) {
        const runner = current.getStore()
        if (runner !== undefined) {
          await new Promise<void>((resolve) => {
            runner.goOn = resolve
            moved()
          })
        }
        return database.batch(statements, mode)
      },
    }),
    async run(runs, areAlike, choose) {
      const runners = runs.map((): Runner => ({ goOn: undefined, hasBegun: false, isOver: false }))
      const ends = runs.map(async (run, i) => {
        const runner = runners[i]
        if (runner === undefined) return
        try {
          await current.run(runner, run)
        } finally {
          runner.isOver = true
          moved()
        }
      })
      for (;;) {
        await new Promise<void>((resolve) => {
          moved = () => {
            if (runners.every(({ goOn, isOver }) => isOver || goOn !== undefined)) resolve()
          }
          moved()
        })
        const next = runners.find(({ hasBegun }) => !hasBegun)
        const waiting = runners.filter(
          (runner) =>
            runner.goOn !== undefined && (!areAlike || runner.hasBegun || runner === next),
        )
        if (waiting.length === 0) break
        const chosen = waiting[choose(waiting.length)]
        if (chosen === undefined) throw new Error('there is no such run')
        const { goOn } = chosen
        chosen.goOn = undefined
        chosen.hasBegun = true
        goOn?.()
      }
      await Promise.all(ends)
    },
  }
}

/**
 * Runs something once for each way in which its choices can be made, depth first. What it does must
 * depend on nothing but its choices.
 *
 * @returns how many ways there are
 */
export async function forEachWay(
  happens: (choose: (among: number) => number) => Promise<void>,
): Promise<number> {
  let path: { readonly chosen: number; readonly among: number }[] = []
  for (let ways = 1; ; ways++) {
    const taken: typeof path = []
    await happens((among) => {
      const chosen = path[taken.length]?.chosen ?? 0
      taken.push({ chosen, among })
      return chosen
    })
    const last = taken.findLastIndex(({ chosen, among }) => chosen + 1 < among)
    const turn = taken[last]
    if (turn === undefined) return ways
    path = [...taken.slice(0, last), { ...turn, chosen: turn.chosen + 1 }]
  }
}
