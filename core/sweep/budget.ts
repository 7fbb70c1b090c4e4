import type { Core } from '../core.ts'
import type { Database, HttpPort, WakeTimer } from '../ports.ts'
import { openStore } from '../store/store.ts'

/**
 * What one sweep may still call: the database, channels, merchants, the timer. Each call is a
 * subrequest on Workers, which end an invocation that makes too many; so nothing is begun that might
 * not come to its end.
 */
export interface Budget {
  /** For the sweep itself: its calls count, and nothing was set aside for them. */
  readonly core: Core
  /**
   * Sets aside what a piece takes at most; what it did not take is there again when it ends.
   *
   * @param leaves so much for others: the piece is not begun at their cost
   * @returns nothing when there is not enough left as long as others are under way
   */
  begin(atMost: number, leaves: number): Begun | undefined
}

export interface Begun {
  readonly core: Core
  ends(): void
}

/** @param calls any number of them when not given */
export function openBudget(core: Core, calls: number | undefined): Budget {
  if (calls === undefined) return { core, begin: () => ({ core, ends: () => undefined }) }
  let left = calls
  let setAside = 0
  const takes = (made: number) => {
    left -= made
  }
  return {
    core: counted(core, takes),
    begin(atMost, leaves) {
      if (left - setAside < atMost + leaves) return undefined
      let ofIt = atMost
      const frees = (number: number) => {
        const freed = Math.min(number, ofIt)
        ofIt -= freed
        setAside -= freed
      }
      setAside += atMost
      return {
        core: counted(core, (made) => {
          takes(made)
          frees(made)
        }),
        ends: () => frees(ofIt),
      }
    },
  }
}

/** A try that an in-process timer makes at once is claimed, made and recorded. */
const TOLD_AT_ONCE_TAKES = 3

function counted(core: Core, takes: (calls: number) => void): Core {
  const { ports } = core
  const { database, http, timer } = ports
  const countedDatabase: Database = {
    batch(statements, mode) {
      takes(1)
      return database.batch(statements, mode)
    },
  }
  const countedHttp: HttpPort = {
    send(request) {
      takes(1)
      return http.send(request)
    },
  }
  const countedTimer: WakeTimer = {
    ...timer,
    wake(wakeUp) {
      const isOutside = timer.verify !== undefined
      if (isOutside) takes(1)
      else if (wakeUp.atMs <= ports.clock.now()) takes(TOLD_AT_ONCE_TAKES)
      return timer.wake(wakeUp)
    },
  }
  return {
    ...core,
    store: openStore(countedDatabase),
    ports: { ...ports, database: countedDatabase, http: countedHttp, timer: countedTimer },
  }
}
