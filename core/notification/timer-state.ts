import type { Ports } from '../ports.ts'
import type { Milliseconds } from '../time.ts'

/** What an isolate knows of a timer that is outside. */
export type TimerState = 'reachable' | 'unreachable' | 'unknown'

interface Noted {
  readonly state: TimerState
  readonly atMs: Milliseconds
}

type Noting = Pick<Ports, 'memory' | 'clock'>

const KEY = 'timer-state'

/** Each call to the timer says whether it can be reached: nobody has to ask it for that alone. */
export function noteTimerState({ memory, clock }: Noting, state: TimerState): void {
  memory.set(KEY, { state, atMs: clock.now() } satisfies Noted)
}

/** As it was when the timer was last called. */
export function notedTimerState({ memory }: Noting): Noted | undefined {
  return memory.get(KEY) as Noted | undefined
}
