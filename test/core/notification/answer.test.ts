import { describe, expect, it } from 'vitest'
import { judgeAnswer, notCalled } from '../../../core/notification/answer.ts'
import type { HttpAnswer } from '../../../core/ports.ts'
import { saying } from '../../kit/shop.ts'

const NOW_MS = 1_767_225_600_000
const judged = (answer: HttpAnswer) => judgeAnswer(answer, NOW_MS)

describe('what a merchant may answer', () => {
  it.each([
    ['success', 'success'],
    ['upper case', 'SUCCESS'],
    ['mixed case', 'Success'],
    ['a line break behind it', 'success\n'],
    ['blanks around it', ' \r\n success \t'],
    ['a byte order mark before it', '\uFEFFsuccess'],
  ])('is the word: %s is heard, whatever the status', (_, text) => {
    for (const status of [200, 201, 302, 404, 410, 429, 500]) {
      const answer = text.replace('\uFEFF', '')
      expect(judged(saying(text, status))).toEqual({
        kind: 'accepted',
        status,
        answer,
        problem: null,
      })
    }
  })

  it.each([
    ['nothing', ''],
    ['a longer word', 'SUCCESSFUL'],
    ['two words', 'success success'],
    ['a word in quotes', '"success"'],
    ['JSON', '{"code":"success"}'],
    ['a page', '<html>success</html>'],
    ['"fail"', 'fail'],
  ])('is not heard when it is %s, whatever the status', (_, answer) => {
    for (const status of [200, 302, 404, 500]) {
      expect(judged(saying(answer, status))).toEqual({
        kind: 'failed',
        waitMs: 0,
        status,
        answer,
        problem: null,
      })
    }
  })

  it('may be no text', () => {
    const answer = { ...saying(''), body: Uint8Array.from([0xff, 0xfe]) }
    expect(judged(answer)).toMatchObject({ kind: 'failed', answer: '\uFFFD\uFFFD' })
  })

  it('may be that nobody is there any more', () => {
    const answer = 'moved'
    expect(judged(saying(answer, 410))).toEqual({
      kind: 'gone',
      status: 410,
      answer,
      problem: null,
    })
  })

  it('may be that we should wait', () => {
    const headers = new Headers({ 'retry-after': '120' })
    const answer = { kind: 'answered', status: 429, headers, body: new Uint8Array() } as const
    expect(judged(answer)).toMatchObject({ kind: 'failed', waitMs: 120_000 })
  })

  it('is kept as far as its first 200 characters', () => {
    expect(judged(saying('x'.repeat(200))).answer).toHaveLength(200)
    expect(judged(saying('x'.repeat(201))).answer).toBe('x'.repeat(200))
  })
})

describe('no answer', () => {
  it.each([
    ['it may have been heard', { kind: 'unknown', evidence: 'timeout' }, 'timeout'],
    ['it was not', { kind: 'not_sent', reason: 'refused' }, 'refused'],
  ] as const)('is a failure with its problem: %s', (_, answer, problem) => {
    const nothing = { status: null, answer: null }
    expect(judged(answer)).toEqual({ kind: 'failed', waitMs: 0, ...nothing, problem })
  })

  it('is none of the merchant’s when we did not call', () => {
    expect(notCalled('it is a private address')).toEqual({
      kind: 'not_called',
      status: null,
      answer: null,
      problem: 'not sent: it is a private address',
    })
  })
})
