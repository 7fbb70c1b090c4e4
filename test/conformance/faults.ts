import type { AnswerFault } from '../../core/plugin/simulator.ts'

/** What can become of any call: not carried out, or carried out and nobody hears of it rightly. */
export const ANSWER_FAULTS: readonly AnswerFault[] = [
  'silence_before',
  'silence_after',
  'reset_before',
  'reset_after',
  'error_before',
  'error_after',
  'html_before',
  'rate_limited',
  'bad_signature',
  'truncated',
]

/** A question can also be answered by somebody who does not know what they know. */
export const QUERY_FAULTS: readonly AnswerFault[] = [...ANSWER_FAULTS, 'not_found']

/** One of each kind: for what shares with payments the code that asks. */
export const SOME_QUERY_FAULTS: readonly AnswerFault[] = [
  'silence_after',
  'error_before',
  'bad_signature',
  'not_found',
]
