import type { Books } from '../../core/plugin/simulator.ts'
import type { Clock } from '../../core/ports.ts'

/** A clock that a tester can put forward, to see expiry, retries and refunds end. */
export interface SandboxClock extends Clock {
  /** Reads how far it was put forward, by whichever process did it. */
  load(): Promise<void>
  advance(ms: number): Promise<void>
}

export function sandboxClock(clock: Clock, books: Books): SandboxClock {
  let aheadMs = 0
  return {
    now: () => clock.now() + aheadMs,
    sleep: (ms) => clock.sleep(ms),
    async load() {
      aheadMs = Number((await books.get('clock', 'ahead')) ?? 0)
    },
    async advance(ms) {
      aheadMs = Number(await books.update('clock', 'ahead', (known) => Number(known ?? 0) + ms))
    },
  }
}
