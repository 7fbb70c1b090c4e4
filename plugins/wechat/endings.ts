import type { ChannelError, Failed, NotSent, Unknown } from '../../core/plugin/api.ts'
import { MINUTE_MS, SECOND_MS } from '../../core/plugin/api.ts'
import { canonical, channelError, type ErrorAnswer, own } from './errors.ts'

/**
 * What an error says about the money: by the operation's table, or `unknown`. A code that stands in
 * no table promises nothing.
 */
export function outcomeOf<Ending extends keyof Endings>(
  endings: EndingTable<Ending>,
  answer: ErrorAnswer,
): Endings[Ending] | Unknown {
  const ending = answer.isCertain ? own(endings, canonical(answer.code)) : undefined
  if (ending === undefined) {
    return { kind: 'unknown', evidence: evidenceOf(answer), error: channelError(answer) }
  }
  return OUTCOMES[ending](answer)
}

/** How a refused call can end, apart from `unknown`: that is what every code not listed ends as. */
interface Endings {
  readonly failed: Failed
  readonly doubtful: Doubtful
  /** The request was turned away unexecuted, so it can be sent again (reference §15, 429). */
  readonly not_sent: NotSent
  readonly not_found: NotFound
  readonly already_paid: { readonly kind: 'already_paid' }
  readonly refused: { readonly kind: 'refused'; readonly error: ChannelError }
  readonly payer_at_it: { readonly kind: 'pending'; readonly pollAfterMs: number }
  readonly done: { readonly kind: 'done' }
  readonly empty: { readonly kind: 'empty' }
  readonly not_ready: { readonly kind: 'not_ready'; readonly retryAfterMs: number }
}

/**
 * This request was refused, which says nothing about an earlier one under the same number: WeChat
 * looks at a request before it looks for the number, and refuses known numbers with other content.
 */
export interface Doubtful {
  readonly kind: 'doubtful'
  readonly error: ChannelError
}

export interface NotFound {
  readonly kind: 'not_found'
}

export type EndingTable<Ending extends keyof Endings> = Readonly<Record<string, Ending>>

/**
 * Ends a doubt by asking for the number: what WeChat does not know was never made, so the refusal is
 * the end of it. Without that, whatever WeChat refuses for good would wait for ever.
 */
export async function settled<Outcome extends { readonly kind: string }>(
  outcome: Outcome | Doubtful,
  ask: () => Promise<Outcome | NotFound>,
): Promise<Outcome | Failed | Unknown> {
  if (!isDoubtful(outcome)) return outcome
  const { error } = outcome
  const asked = await ask()
  if (isNotFound(asked)) return { kind: 'failed', error }
  if (asked.kind !== 'not_sent' && asked.kind !== 'unknown') return asked
  return { kind: 'unknown', evidence: `refused with ${error.code}, then not found out`, error }
}

function isDoubtful(outcome: { readonly kind: string }): outcome is Doubtful {
  return outcome.kind === 'doubtful'
}

function isNotFound(outcome: { readonly kind: string }): outcome is NotFound {
  return outcome.kind === 'not_found'
}

/** Reference §8.3: every five to ten seconds while the payer types a password. */
export const PAYER_AT_IT = { kind: 'pending', pollAfterMs: 5 * SECOND_MS } as const

const OUTCOMES: { readonly [E in keyof Endings]: (answer: ErrorAnswer) => Endings[E] } = {
  failed: (answer) => ({ kind: 'failed', error: channelError(answer) }),
  doubtful: (answer) => ({ kind: 'doubtful', error: channelError(answer) }),
  refused: (answer) => ({ kind: 'refused', error: channelError(answer) }),
  not_sent: (answer) => ({ kind: 'not_sent', reason: evidenceOf(answer) }),
  not_found: () => ({ kind: 'not_found' }),
  already_paid: () => ({ kind: 'already_paid' }),
  payer_at_it: () => PAYER_AT_IT,
  done: () => ({ kind: 'done' }),
  empty: () => ({ kind: 'empty' }),
  // WeChat's own advice: once more after half an hour.
  not_ready: () => ({ kind: 'not_ready', retryAfterMs: 30 * MINUTE_MS }),
}

function evidenceOf({ status, code, requestId }: ErrorAnswer): string {
  return `answered ${status} ${code} (${requestId})`
}
