import { BUCKETS, METRICS, type Metric } from './catalog.ts'

export interface Sample {
  readonly name: string
  /** As the table has them: `channel="wxpay",way="WX_NATIVE"`. */
  readonly labels: string
  readonly value: number
}

/**
 * Writes samples in Prometheus' text format, each metric with its help and type, histograms with
 * every bucket. What is not in the catalogue is left out.
 *
 * @see Prometheus, exposition formats, "Text-based format" version 0.0.4, read 2026-11-26
 */
export function expositionOf(samples: readonly Sample[]): string {
  return Object.entries(METRICS)
    .map(([name, metric]) => block(name, metric, samples))
    .join('')
}

function block(name: string, metric: Metric, samples: readonly Sample[]): string {
  const lines =
    metric.type === 'histogram'
      ? histogramLines(name, samples)
      : samples.filter((sample) => sample.name === name).map(lineOf)
  return [`# HELP ${name} ${metric.help}`, `# TYPE ${name} ${metric.type}`, ...lines, ''].join('\n')
}

function lineOf({ name, labels, value }: Sample): string {
  return labels === '' ? `${name} ${value}` : `${name}{${labels}} ${value}`
}

/** Stored by the bucket that each measure fell into; told as Prometheus wants it, each with all below. */
function histogramLines(name: string, samples: readonly Sample[]): string[] {
  const fell = new Map<string, Map<string, number>>()
  for (const { name: part, labels, value } of samples) {
    if (part !== `${name}_bucket`) continue
    const le = /(?:^|,)le="([^"]*)"/.exec(labels)?.[1] ?? ''
    const series = labels.replace(/(^|,)le="[^"]*"/, '').replace(/^,/, '')
    const counts = fell.get(series) ?? new Map<string, number>()
    fell.set(series, counts.set(le, value))
  }
  return [...fell].flatMap(([series, counts]) => {
    const withLe = (le: string) => (series === '' ? `le="${le}"` : `${series},le="${le}"`)
    let below = 0
    const buckets = [...BUCKETS.map(String), '+Inf'].map((le) => {
      below += counts.get(le) ?? 0
      return { name: `${name}_bucket`, labels: withLe(le), value: below }
    })
    const sum = samples.find((sample) => sample.name === `${name}_sum` && sample.labels === series)
    return [
      ...buckets,
      { name: `${name}_sum`, labels: series, value: sum?.value ?? 0 },
      { name: `${name}_count`, labels: series, value: below },
    ].map(lineOf)
  })
}
