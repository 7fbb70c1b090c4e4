import * as z from 'zod'
import { HOUR_MS, type Milliseconds } from '../../core/plugin/api.ts'

const OFFSET_MS = 8 * HOUR_MS

/** `2026-01-31 08:00:00`, as people in Beijing read it: Alipay writes no offset (reference §1). */
export function beijingTime(ms: Milliseconds): string {
  return new Date(ms + OFFSET_MS).toISOString().slice(0, 19).replace('T', ' ')
}

/** @returns nothing when it is no time; `gmt_refund` has milliseconds, which are dropped nowhere */
export function parseBeijingTime(text: string): Milliseconds | undefined {
  const found = /^(\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d(?:\.\d{1,3})?)$/.exec(text.trim())
  if (found === null) return undefined
  const ms = Date.parse(`${found[1]}T${found[2]}+08:00`)
  return Number.isNaN(ms) ? undefined : ms
}

export const timeSchema = z.string().transform((text, context) => {
  const ms = parseBeijingTime(text)
  if (ms !== undefined) return ms
  context.addIssue('is not a time')
  return z.NEVER
})
