import type { Core } from '../core.ts'
import type { NotificationId } from '../ids.ts'
import type { WakeUp } from '../ports.ts'
import { noteTimerState } from './timer-state.ts'

/** Has notifications that were just committed sent at once, each for the first time. */
export function wakeFor(core: Core, notificationIds: readonly NotificationId[]): void {
  const atMs = core.ports.clock.now()
  for (const notificationId of notificationIds) setTimer(core, { notificationId, number: 1, atMs })
}

/**
 * Sets the timer for one try. Only a hint, and nobody waits for it: when the wake-up is lost, the
 * sweep finds the row.
 */
export function setTimer({ ports }: Core, wakeUp: WakeUp): void {
  const set = async () => {
    try {
      await ports.timer.wake(wakeUp)
      noteTimerState(ports, 'reachable')
    } catch (error) {
      noteTimerState(ports, 'unreachable')
      ports.log.write('warn', 'a wake-up failed; the sweep will send the notification', {
        notificationId: wakeUp.notificationId,
        reason: error instanceof Error ? error.message : 'unknown',
      })
    }
  }
  ports.background(set())
}
