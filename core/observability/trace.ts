import type { Random } from '../ports.ts'
import { toHex } from '../signing/hex.ts'

/** What ties a request to all that it causes, here and at others. */
export interface Trace {
  /** 32 hex digits. Stands in each log line of the request, and in the answer. */
  readonly traceId: string
  readonly sampled: boolean
}

const TRACEPARENT = /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/
const SAMPLED = 0x01

/**
 * Reads a `traceparent`. One that is not valid counts as none, and later versions are read by what
 * version 00 has of them.
 *
 * @see W3C Trace Context, level 1, §3.2 and §4.3, read 2026-11-26
 */
export function parseTraceparent(header: string | null): Trace | undefined {
  const [, version, traceId, parentId, flags, rest] = TRACEPARENT.exec(header ?? '') ?? []
  if (traceId === undefined || parentId === undefined || flags === undefined) return undefined
  if (version === 'ff' || (version === '00' && rest !== undefined)) return undefined
  if (/^0+$/.test(traceId) || /^0+$/.test(parentId)) return undefined
  return { traceId, sampled: (Number.parseInt(flags, 16) & SAMPLED) !== 0 }
}

export function newTrace(random: Random): Trace {
  return { traceId: toHex(random.bytes(16)), sampled: false }
}

/** The header for one call of ours: the trace that it belongs to, and a span of its own. */
export function traceparentOf({ traceId, sampled }: Trace, random: Random): string {
  return `00-${traceId}-${toHex(random.bytes(8))}-${sampled ? '01' : '00'}`
}
