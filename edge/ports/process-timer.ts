import type { NotificationId } from '../../core/ids.ts'
import type { Clock, Ports, WakeTimer } from '../../core/ports.ts'

/**
 * The timer of a deployment that has none of its own: what is to be told now is told in the
 * background, what is to be told later is left to the sweep.
 */
export function processTimer(
  clock: Pick<Clock, 'now'>,
  background: Ports['background'],
  deliver: (notificationId: NotificationId, traceparent?: string) => Promise<unknown>,
): WakeTimer {
  return {
    async wake({ notificationId, atMs, traceparent }) {
      if (atMs <= clock.now()) background(deliver(notificationId, traceparent))
    },
  }
}
