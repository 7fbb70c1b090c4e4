/** One line of what `npm run bench` finds. */
export interface Figure {
  readonly name: string
  /** For a reader: a count, a ratio with its spread, a size. */
  readonly measured: string
  /** Of DESIGN; not everything that is worth knowing has one. */
  readonly budget?: string
  readonly holds?: boolean
  /** How it was measured, in a line. */
  readonly how: string
}

export interface Section {
  readonly title: string
  readonly figures: readonly Figure[]
  /** What else a reader should know: what dominates, what was skipped and why. */
  readonly notes?: readonly string[]
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  const middle = sorted.length / 2
  const upper = sorted[Math.floor(middle)] ?? Number.NaN
  const lower = sorted[Math.ceil(middle) - 1] ?? Number.NaN
  return (lower + upper) / 2
}

/** The median, and between which values the rounds lay. */
export function spread(values: readonly number[], digits: number, unit = ''): string {
  const [middle, least, most] = [median(values), Math.min(...values), Math.max(...values)]
  const text = (value: number) => `${value.toFixed(digits)}${unit}`
  return `${text(middle)} (${text(least)} to ${text(most)})`
}
