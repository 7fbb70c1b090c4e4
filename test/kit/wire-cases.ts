import type { HttpAnswer, HttpRequest } from '../../core/ports.ts'
import type { Wire } from './wire.ts'

/** An answer as data, so that other runtimes can tell theirs through a pipe. */
export interface PlainAnswer {
  readonly kind: HttpAnswer['kind']
  readonly status?: number
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string
  readonly why?: string
}

export function plain(answer: HttpAnswer): PlainAnswer {
  switch (answer.kind) {
    case 'answered': {
      const { kind, status, headers, body } = answer
      return {
        kind,
        status,
        headers: Object.fromEntries(headers),
        body: new TextDecoder().decode(body),
      }
    }
    case 'not_sent':
      return { kind: answer.kind, why: answer.reason }
    case 'unknown':
      return { kind: answer.kind, why: answer.evidence }
  }
}

/** What an HTTP port must answer, whatever the runtime. */
export interface WireCase {
  readonly name: string
  readonly request: Partial<HttpRequest> & { readonly url: string }
  readonly answer: PlainAnswer
}

/** @param proves whether this runtime can prove that a connection was never made */
export function wireCases(wire: Wire, proves: { connect: boolean; deadline: boolean }): WireCase[] {
  const unless = (proven: boolean) => (proven ? ('not_sent' as const) : ('unknown' as const))
  return [
    {
      name: 'a good answer',
      request: { url: `${wire.url}/good` },
      answer: { kind: 'answered', status: 200 },
    },
    {
      name: 'an error of the server, which is an answer',
      request: { url: `${wire.url}/broken` },
      answer: { kind: 'answered', status: 500, body: 'oops' },
    },
    {
      name: 'an answer without a body',
      request: { url: `${wire.url}/nothing` },
      answer: { kind: 'answered', status: 204, body: '' },
    },
    {
      name: 'a redirect, which is not followed',
      request: { url: `${wire.url}/moved` },
      answer: { kind: 'answered', status: 302, body: 'gone' },
    },
    {
      name: 'an answer that just fits',
      request: { url: `${wire.url}/long`, maxAnswerBytes: 100_000 },
      answer: { kind: 'answered', status: 200, body: 'x'.repeat(100_000) },
    },
    {
      name: 'an answer that is one byte too long',
      request: { url: `${wire.url}/long`, maxAnswerBytes: 99_999 },
      answer: { kind: 'unknown', why: 'answer 200 is longer than 99999 bytes' },
    },
    {
      name: 'a long answer of which the beginning is enough',
      request: { url: `${wire.url}/long`, maxAnswerBytes: 7, answerOverflow: 'cut' },
      answer: { kind: 'answered', status: 200, body: 'xxxxxxx' },
    },
    {
      name: 'nobody who listens',
      request: { url: `${wire.deserted}/?secret=of-ours` },
      answer: { kind: unless(proves.connect) },
    },
    {
      name: 'a connection that breaks before there is TLS',
      request: { url: `${wire.breaking}/` },
      answer: { kind: unless(proves.connect) },
    },
    {
      name: 'a server that does not speak TLS',
      request: { url: `${wire.url.replace('http:', 'https:')}/good` },
      answer: { kind: unless(proves.connect) },
    },
    {
      name: 'a TLS handshake that never ends',
      request: { url: `${wire.mute}/`, timeoutMs: 100 },
      answer: { kind: unless(proves.deadline) },
    },
    {
      name: 'a reset after the request, before the answer',
      request: { url: `${wire.url}/reset`, method: 'POST', body: 'pay' },
      answer: { kind: 'unknown' },
    },
    {
      name: 'a reset in the middle of the body',
      request: { url: `${wire.url}/reset-body` },
      answer: { kind: 'unknown' },
    },
    {
      name: 'a body that ends before its length',
      request: { url: `${wire.url}/short` },
      answer: { kind: 'unknown' },
    },
    {
      name: 'silence',
      // Long enough for the request to leave on a busy machine.
      request: { url: `${wire.url}/silent`, timeoutMs: 1_500 },
      answer: { kind: 'unknown', why: 'no answer: nothing within 1500 ms' },
    },
    {
      name: 'a body that stops to come',
      // Long enough for the headers to come on a busy machine.
      request: { url: `${wire.url}/slow`, timeoutMs: 1_500 },
      answer: { kind: 'unknown', why: 'answer 200 broke off: unfinished after 1500 ms' },
    },
    {
      name: 'a URL that is none',
      request: { url: '//nowhere?secret=of-ours' },
      answer: { kind: 'not_sent' },
    },
    {
      name: 'a header that cannot be sent',
      request: { url: `${wire.url}/good`, headers: { 'x-name': 'a\r\nb: c' } },
      answer: { kind: 'not_sent' },
    },
  ]
}

/** A GET with room and time enough, but for what the case is about. */
export function wireRequest(request: WireCase['request']): HttpRequest {
  return { method: 'GET', headers: {}, timeoutMs: 5_000, maxAnswerBytes: 1_000, ...request }
}
