import * as z from 'zod'
import { HOUR_MS, type Milliseconds } from '../../core/plugin/api.ts'

/** RFC 3339 in whole seconds at +08:00, the form that WeChat documents (reference §1). */
export function beijingTime(ms: Milliseconds): string {
  return `${new Date(ms + 8 * HOUR_MS).toISOString().slice(0, 19)}+08:00`
}

/** A time with its offset, so that the zone of the machine that reads it does not matter. */
export const timeSchema = z.iso.datetime({ offset: true }).transform((text) => Date.parse(text))
