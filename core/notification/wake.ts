import type { Core } from '../core.ts'
import type { NotificationId } from '../ids.ts'

/**
 * Has notifications that were just committed sent at once. Only a hint: when the wake-up is lost,
 * the sweep finds the rows.
 */
export async function wakeFor(
  { ports }: Core,
  notificationIds: readonly NotificationId[],
): Promise<void> {
  for (const notificationId of notificationIds) {
    try {
      await ports.timer.wake(notificationId, ports.clock.now())
    } catch (error) {
      ports.log.write('warn', 'a wake-up failed; the sweep will send the notification', {
        notificationId,
        reason: error instanceof Error ? error.message : 'unknown',
      })
    }
  }
}
