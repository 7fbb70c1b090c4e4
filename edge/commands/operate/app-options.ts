import type { AppChange } from '../../../core/merchant/merchants.ts'
import { SECOND_MS } from '../../../core/time.ts'
import { type Given, oneOf, Wrong } from './command.ts'

export const APP_OPTIONS = {
  late: { type: 'string' },
  'replay-window': { type: 'string' },
  'notifies-every-end': { type: 'string' },
} as const

/** What an app can be told, as far as it was given. */
export function appChange(given: Given): AppChange {
  const late = given.optionIfAny('late')
  const replayWindow = given.optionIfAny('replay-window')
  const everyEnd = given.optionIfAny('notifies-every-end')
  return {
    ...(late !== undefined && { latePolicy: oneOf('--late', ['accept', 'refund', 'hold'], late) }),
    ...(replayWindow !== undefined && { replayWindowMs: windowMs(replayWindow) }),
    ...(everyEnd !== undefined && {
      notifiesEveryEnd: oneOf('--notifies-every-end', ['yes', 'no'], everyEnd) === 'yes',
    }),
  }
}

function windowMs(text: string): number | null {
  if (text === 'none') return null
  if (!/^[1-9]\d{0,5}$/.test(text)) {
    throw new Wrong(`--replay-window is a number of seconds, or none; not ${text}`)
  }
  return Number(text) * SECOND_MS
}
