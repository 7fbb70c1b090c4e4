import type { Core } from '../core.ts'
import type { NotificationId } from '../ids.ts'
import { deliver } from '../notification/deliver.ts'
import type { WakeUp } from '../ports.ts'
import { limitedBody } from './body.ts'

/** Where a timer outside calls us. It says all there is to say; the body is empty. */
export function wakeUpPath({ notificationId, number }: Pick<WakeUp, 'notificationId' | 'number'>) {
  return `/internal/notifications/${notificationId}/${number}`
}

const MAX_BODY_BYTES = 1_024

/**
 * Makes the try that a timer's call is for, if it is still to be made and due.
 *
 * The answer is 200 whatever the merchant said: the schedule is ours, and a timer that repeated a
 * call would tell merchants twice. Only when we fail ourselves does it see an error, and calls again.
 *
 * @returns nothing when no timer calls this deployment
 */
export async function serveWakeUp(
  core: Core,
  request: Request,
  given: { readonly id: string; readonly number: string },
): Promise<Response | undefined> {
  const { timer, log } = core.ports
  if (timer.verify === undefined || !/^[1-9]\d{0,8}$/.test(given.number)) return undefined
  const notificationId = given.id as NotificationId
  const number = Number(given.number)

  const bytes = await limitedBody(request, MAX_BODY_BYTES)
  if (bytes === undefined) return Response.json({ refused: 'too long' }, { status: 413 })
  const isTimers = await timer.verify({
    url: core.settings.publicUrl + wakeUpPath({ notificationId, number }),
    headers: request.headers,
    body: new TextDecoder().decode(bytes),
  })
  if (!isTimers) {
    log.write('warn', 'a wake-up was refused: it is not the timer’s', { number })
    return Response.json({ refused: 'signature' }, { status: 401 })
  }
  const made = await deliver(core, notificationId, number)
  return Response.json({ made })
}
