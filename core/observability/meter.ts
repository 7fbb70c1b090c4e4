import type { Memory } from '../ports.ts'
import type { Milliseconds } from '../time.ts'
import { BUCKETS, type CounterName, type HistogramName, type LabelsOf } from './catalog.ts'

/** What an isolate has counted and not yet added to the table. */
export interface Meter {
  /** By series: name and labels, as the table has them. */
  readonly counts: Map<string, number>
  /** Codes of channels that stand in a label. */
  readonly codes: Set<string>
  keptAtMs: Milliseconds | undefined
  sweptAtMs: Milliseconds | undefined
}

interface Metered {
  readonly ports: { readonly memory: Memory }
}

const KEY = 'meter'

/**
 * Lives in the isolate's memory, where each request touches it, and goes with the isolate: then what
 * was not yet added to the table is not counted.
 */
export function meterOf({ ports: { memory } }: Metered): Meter {
  const known = memory.get(KEY) as Meter | undefined
  if (known !== undefined) return known
  const meter: Meter = {
    counts: new Map(),
    codes: new Set(),
    keptAtMs: undefined,
    sweptAtMs: undefined,
  }
  memory.set(KEY, meter)
  return meter
}

/** Counts one. Never more than a few map operations: it stands in the path of every payment. */
export function count<Name extends CounterName>(
  core: Metered,
  name: Name,
  labels: LabelsOf<Name>,
): void {
  add(meterOf(core), name, labels, 1)
}

export function observe<Name extends HistogramName>(
  core: Metered,
  name: Name,
  labels: LabelsOf<Name>,
  ms: number,
): void {
  const meter = meterOf(core)
  const seconds = ms / 1_000
  const le = BUCKETS.find((bound) => seconds <= bound)
  add(meter, `${name}_bucket`, { ...labels, le: String(le ?? '+Inf') }, 1)
  add(meter, `${name}_sum`, labels, seconds)
}

/** Far above what the labels of all channels come to; beyond it something names series at will. */
const MAX_SERIES = 5_000

function add(
  { counts }: Meter,
  name: string,
  labels: Readonly<Record<string, string>>,
  by: number,
): void {
  const series = `${name} ${labelText(labels)}`
  const known = counts.get(series)
  if (known === undefined && counts.size >= MAX_SERIES) return
  counts.set(series, (known ?? 0) + by)
}

const MAX_LABEL_CHARACTERS = 64

/** `channel="wxpay",way="WX_NATIVE"`, sorted by name: one series has one text. */
export function labelText(labels: Readonly<Record<string, string>>): string {
  return Object.entries(labels)
    .filter(([, value]) => value !== '')
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, value]) => `${name}="${escaped(value.slice(0, MAX_LABEL_CHARACTERS))}"`)
    .join(',')
}

/** @see Prometheus, exposition formats, "Text-based format", read 2026-11-26 */
function escaped(value: string): string {
  return value.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n')
}

const MAX_CODES = 100

/** A channel's code as a label: the first hundred as they are, what does not look like one never. */
export function codeLabel(core: Metered, code: string): string {
  const { codes } = meterOf(core)
  if (!/^[\w.-]{1,48}$/.test(code)) return 'other'
  if (!codes.has(code) && codes.size >= MAX_CODES) return 'other'
  codes.add(code)
  return code
}
