export interface Metric {
  readonly type: 'counter' | 'gauge' | 'histogram'
  readonly help: string
  /** In the order of their names. Each takes few values: none is chosen by whoever calls us. */
  readonly labels: readonly string[]
}

/** All that `/metrics` tells. */
export const METRICS = {
  tongbao_payments_total: {
    type: 'counter',
    help: 'Payments by what became of them.',
    labels: ['channel', 'outcome', 'way'],
  },
  tongbao_refunds_total: {
    type: 'counter',
    help: 'Refunds by what became of them.',
    labels: ['channel', 'outcome'],
  },
  tongbao_transfers_total: {
    type: 'counter',
    help: 'Transfers by what became of them.',
    labels: ['channel', 'outcome'],
  },
  tongbao_splits_total: {
    type: 'counter',
    help: 'Splits by what became of them.',
    labels: ['channel', 'outcome'],
  },
  tongbao_alarms_total: {
    type: 'counter',
    help: 'Facts that an operator has to look at.',
    labels: ['alarm', 'channel'],
  },
  tongbao_channel_outcomes_total: {
    type: 'counter',
    help: 'Channel operations by how they ended.',
    labels: ['channel', 'operation', 'outcome'],
  },
  tongbao_channel_seconds: {
    type: 'histogram',
    help: 'How long channel operations took.',
    labels: ['channel', 'operation'],
  },
  tongbao_unmapped_codes_total: {
    type: 'counter',
    help: 'Codes that a channel answered and that its error table does not have.',
    labels: ['channel', 'code', 'operation'],
  },
  tongbao_callbacks_total: {
    type: 'counter',
    help: 'Callbacks of channels by what was thought of them.',
    labels: ['channel', 'verdict'],
  },
  tongbao_verification_failures_total: {
    type: 'counter',
    help: 'Signatures that did not verify: of callbacks, of answers, of merchants.',
    labels: ['channel', 'on'],
  },
  tongbao_notifications_total: {
    type: 'counter',
    help: 'Tries of telling merchants, by the number of the try and how it ended.',
    labels: ['attempt', 'outcome'],
  },
  tongbao_rate_limited_total: {
    type: 'counter',
    help: 'Requests that were refused because there were too many.',
    labels: ['by'],
  },
  tongbao_replays_refused_total: {
    type: 'counter',
    help: 'Signed requests that were refused by a replay window.',
    labels: ['reason'],
  },
  tongbao_shared_memory_failures_total: {
    type: 'counter',
    help: 'Times that Redis did not answer in time, or answered nonsense.',
    labels: [],
  },
  tongbao_sweep_age_seconds: {
    type: 'gauge',
    help: 'Time since a sweep finished.',
    labels: [],
  },
  tongbao_oldest_due_seconds: {
    type: 'gauge',
    help: 'How long the oldest thing has been due; 0 when nothing is.',
    labels: ['what'],
  },
} as const satisfies Readonly<Record<string, Metric>>

export type MetricName = keyof typeof METRICS
type NameOf<Type extends Metric['type']> = {
  [Name in MetricName]: (typeof METRICS)[Name]['type'] extends Type ? Name : never
}[MetricName]
export type CounterName = NameOf<'counter'>
export type HistogramName = NameOf<'histogram'>
export type LabelsOf<Name extends MetricName> = Readonly<
  Record<(typeof METRICS)[Name]['labels'][number], string>
>

/** Upper bounds in seconds; what took longer is in none of them but `+Inf`. */
export const BUCKETS = [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10] as const
