import type { NotificationId } from '../core/ids.ts'
import type { Clock, HttpPort, Ports, WakeTimer } from '../core/ports.ts'
import type { Settings } from './bindings.ts'
import { processTimer } from './ports/process-timer.ts'
import { qstashTimer } from './ports/qstash.ts'

/** The timer that a deployment has chosen. */
export function openTimer(
  { timer, publicUrl }: Pick<Settings, 'timer' | 'publicUrl'>,
  parts: {
    readonly clock: Clock
    readonly http: HttpPort
    readonly background: Ports['background']
    deliver(notificationId: NotificationId, traceparent?: string): Promise<unknown>
  },
): WakeTimer {
  switch (timer.kind) {
    case 'none':
      return processTimer(parts.clock, parts.background, parts.deliver)
    case 'qstash':
      return qstashTimer(timer, publicUrl, parts)
  }
}
