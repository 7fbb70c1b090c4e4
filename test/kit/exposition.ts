/**
 * A strict reader of Prometheus' text format 0.0.4, written from its description alone: HELP and TYPE
 * before the samples of a metric, each metric in one block, no series twice, and histograms whose
 * buckets go up to a `+Inf` that equals their count.
 *
 * @see Prometheus, exposition formats, "Text-based format"
 */
export interface Exposed {
  readonly types: ReadonlyMap<string, string>
  /** By name and labels, as they stand. */
  readonly values: ReadonlyMap<string, number>
}

const NAME = /^[a-zA-Z_:][a-zA-Z0-9_:]*$/
const SAMPLE = /^([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(.*)\})? (\S+)$/
const LABEL = /([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\\\|\\"|\\n)*)"(,|$)/y

/** @throws with the line that breaks a rule */
export function readExposition(text: string): Exposed {
  if (!text.endsWith('\n')) throw new Error('the last line has no end')
  const types = new Map<string, string>()
  const values = new Map<string, number>()
  const helped = new Set<string>()
  let current = ''
  for (const line of text.slice(0, -1).split('\n')) {
    const bad = (why: string): never => {
      throw new Error(`${why}: ${line}`)
    }
    if (line.startsWith('# HELP ')) {
      const [, , name = ''] = line.split(' ')
      if (!NAME.test(name) || helped.has(name) || types.has(name)) bad('a second or wrong HELP')
      helped.add(name)
      current = name
      continue
    }
    if (line.startsWith('# TYPE ')) {
      const [, , name = '', type = '', ...more] = line.split(' ')
      if (name !== current || types.has(name) || more.length > 0) bad('a TYPE out of its place')
      if (!['counter', 'gauge', 'histogram'].includes(type)) bad('an unknown type')
      types.set(name, type)
      continue
    }
    const [, name = '', labels = '', number = ''] = SAMPLE.exec(line) ?? bad('no sample')
    const type = types.get(current)
    const belongs =
      type === 'histogram'
        ? [`${current}_bucket`, `${current}_sum`, `${current}_count`].includes(name)
        : name === current
    if (!belongs) bad('a sample outside of its metric')
    const names = labelNames(labels) ?? bad('labels that cannot be read')
    if (new Set(names).size !== names.length) bad('a label twice')
    const value = Number(number)
    if (!Number.isFinite(value)) bad('a value that is no number')
    if (type === 'counter' && value < 0) bad('a counter below zero')
    const series = labels === '' ? name : `${name}{${labels}}`
    if (values.has(series)) bad('a series twice')
    values.set(series, value)
  }
  for (const [name, type] of types) if (type === 'histogram') checkHistogram(name, values)
  return { types, values }
}

function labelNames(labels: string): string[] | undefined {
  const names: string[] = []
  LABEL.lastIndex = 0
  let at = 0
  while (at < labels.length) {
    LABEL.lastIndex = at
    const label = LABEL.exec(labels)
    if (label === null) return undefined
    names.push(label[1] ?? '')
    at = LABEL.lastIndex
  }
  return labels.endsWith(',') ? undefined : names
}

function checkHistogram(name: string, values: ReadonlyMap<string, number>): void {
  const below = new Map<string, { le: number; value: number }>()
  for (const [series, value] of values) {
    if (!series.startsWith(`${name}_bucket{`)) continue
    const le = /le="([^"]+)"/.exec(series)?.[1] ?? ''
    const others = series.slice(name.length + '_bucket{'.length, -1).replace(/,?le="[^"]+"/, '')
    const bound = le === '+Inf' ? Number.POSITIVE_INFINITY : Number(le)
    const last = below.get(others) ?? { le: Number.NEGATIVE_INFINITY, value: 0 }
    if (!(bound > last.le) || value < last.value) throw new Error(`buckets go down: ${series}`)
    below.set(others, { le: bound, value })
  }
  for (const [others, { le, value }] of below) {
    const suffix = others === '' ? '' : `{${others}}`
    const count = values.get(`${name}_count${suffix}`)
    if (le !== Number.POSITIVE_INFINITY || count !== value) {
      throw new Error(`${name}${suffix} ends at ${le} with ${value}, its count is ${count}`)
    }
    if (!values.has(`${name}_sum${suffix}`)) throw new Error(`${name}${suffix} has no sum`)
  }
}
