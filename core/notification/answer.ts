import type { HttpAnswer } from '../ports.ts'
import type { deliveries } from '../store/schema.ts'
import type { Milliseconds } from '../time.ts'
import { askedToWaitMs } from './retry-after.ts'

/** What came of one try, and what it says about the address. */
export type TryResult = Readonly<
  Pick<typeof deliveries.$inferSelect, 'status' | 'answer' | 'problem'>
> &
  (
    | { readonly kind: 'accepted' }
    | { readonly kind: 'failed'; readonly waitMs: number }
    /** 410: nobody is there any more, and nobody will be. */
    | { readonly kind: 'gone' }
    /** We did not call: that says nothing about the address. */
    | { readonly kind: 'not_called' }
  )

const KEPT_ANSWER_CHARACTERS = 200

/**
 * A merchant accepts with the word, whatever the status: JeePay looks at the body alone. Ours also
 * takes white space and a byte order mark around it, which many frameworks add.
 *
 * @see reference §13
 */
export function judgeAnswer(answer: HttpAnswer, nowMs: Milliseconds): TryResult {
  switch (answer.kind) {
    case 'answered': {
      const { status, headers, body } = answer
      const text = new TextDecoder().decode(body)
      const kept = { status, answer: text.slice(0, KEPT_ANSWER_CHARACTERS), problem: null }
      if (text.trim().toLowerCase() === 'success') return { kind: 'accepted', ...kept }
      if (status === 410) return { kind: 'gone', ...kept }
      return { kind: 'failed', waitMs: askedToWaitMs(status, headers, nowMs), ...kept }
    }
    case 'not_sent':
      return { kind: 'failed', waitMs: 0, status: null, answer: null, problem: answer.reason }
    case 'unknown':
      return { kind: 'failed', waitMs: 0, status: null, answer: null, problem: answer.evidence }
  }
}

export function notCalled(why: string): TryResult {
  return { kind: 'not_called', status: null, answer: null, problem: `not sent: ${why}` }
}
