import type { ChannelError, Failed, NotSent, Unknown } from '../../core/plugin/api.ts'
import { BUSINESS, canonical, type ErrorAnswer, errorOf, own, ruleOf } from './errors.ts'

/** How a call that was answered with an error can end. */
export interface Endings {
  readonly failed: Failed
  /** Turned away unexecuted: it can be sent again. */
  readonly not_sent: NotSent
  readonly not_found: { readonly kind: 'not_found' }
  readonly already_paid: { readonly kind: 'already_paid' }
  readonly refused: { readonly kind: 'refused'; readonly error: ChannelError }
  /** It says that something is in the way, and a question tells whether that is our own doing. */
  readonly doubtful: { readonly kind: 'doubtful'; readonly error: ChannelError }
  readonly unknown: Unknown
}

/** What errors say about the money, for one operation (reference §15). */
export interface EndingTable<Ending extends keyof Endings> {
  /** The gateway turned the call away: it did not reach the business behind it. */
  readonly turnedAway: Ending
  readonly rateLimited: Ending
  /** Codes of the business, in their canonical spelling. */
  readonly codes: Readonly<Record<string, Ending>>
  /** Any other code of the business. */
  readonly otherwise: Ending
}

export function outcomeOf<Ending extends keyof Endings>(
  table: EndingTable<Ending>,
  answer: ErrorAnswer,
): Endings[Ending] | Unknown {
  return OUTCOMES[endingOf(table, answer)](answer)
}

/** Makes the codes of a table: each of the codes in a text ends the same way. */
export function each<Ending extends keyof Endings>(ending: Ending, codes: string) {
  return Object.fromEntries(
    codes
      .trim()
      .split(/\s+/)
      .map((code) => [code, ending]),
  )
}

/** Codes of the gateway that say that it turned the call away (reference §15). */
const TURNED_AWAY: ReadonlySet<string> = new Set(['20001', '40001', '40002', '40003', '40006'])

function endingOf<Ending extends keyof Endings>(
  table: EndingTable<Ending>,
  answer: ErrorAnswer,
): Ending | 'unknown' {
  if (TURNED_AWAY.has(answer.code)) return table.turnedAway
  if (answer.code === '40005') return table.rateLimited
  // 20000 says that the service was not available, at whichever moment that was.
  if (answer.code !== BUSINESS) return 'unknown'
  const ending = own(table.codes, canonical(answer.subCode))
  if (ending !== undefined) return ending
  return ruleOf(answer).class === 'rate_limited' ? table.rateLimited : table.otherwise
}

const OUTCOMES: { readonly [E in keyof Endings]: (answer: ErrorAnswer) => Endings[E] } = {
  failed: (answer) => ({ kind: 'failed', error: errorOf(answer) }),
  refused: (answer) => ({ kind: 'refused', error: errorOf(answer) }),
  doubtful: (answer) => ({ kind: 'doubtful', error: errorOf(answer) }),
  unknown: (answer) => ({ kind: 'unknown', evidence: evidenceOf(answer), error: errorOf(answer) }),
  not_sent: (answer) => ({ kind: 'not_sent', reason: evidenceOf(answer) }),
  not_found: () => ({ kind: 'not_found' }),
  already_paid: () => ({ kind: 'already_paid' }),
}

export function evidenceOf({ code, subCode, traceId }: ErrorAnswer): string {
  return `answered ${code} ${subCode} (${traceId})`.replace('  ', ' ')
}
