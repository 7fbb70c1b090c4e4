import type { HttpAnswer, HttpPort, HttpRequest } from '../../core/ports.ts'

/** Looks on while one request is made, and knows afterwards whether it left. */
export interface CallWatch {
  run<Result>(call: () => Promise<Result>): Promise<Result>
  /**
   * @param error what the call failed with
   * @returns true only when it is proven that no byte of the request left, nor will
   */
  provesNotSent(error: unknown): boolean
}

/** Workers: a rejected `fetch` tells a message for people and nothing about how far it got. */
export function provesNothing(): CallWatch {
  return { run: (call) => call(), provesNotSent: () => false }
}

/**
 * The HTTP port over the runtime's `fetch`. It never throws.
 *
 * @param watchCall what this runtime can prove about a call that failed
 */
export function fetchPort(watchCall: () => CallWatch): HttpPort {
  return {
    async send(request) {
      // Ends the call at its deadline, and what is left of an answer that nobody wants to read.
      const ending = new AbortController()
      const deadline = setTimeout(() => ending.abort(), request.timeoutMs)
      try {
        return await call(request, watchCall(), ending.signal)
      } finally {
        clearTimeout(deadline)
        ending.abort()
      }
    },
  }
}

async function call(
  request: HttpRequest,
  watch: CallWatch,
  signal: AbortSignal,
): Promise<HttpAnswer> {
  const asked = toFetch(request, signal)
  if (asked === undefined) return { kind: 'not_sent', reason: 'its URL or a header is malformed' }

  let response: Response
  try {
    response = await watch.run(() => fetch(asked))
  } catch (error) {
    const what = signal.aborted ? `nothing within ${request.timeoutMs} ms` : describe(error)
    return watch.provesNotSent(error)
      ? { kind: 'not_sent', reason: `not connected: ${what}` }
      : { kind: 'unknown', evidence: `no answer: ${what}` }
  }

  const { status, headers } = response
  try {
    const body = await readBounded(response.body ?? [], request)
    if (body !== undefined) return { kind: 'answered', status, headers, body }
    const evidence = `answer ${status} is longer than ${request.maxAnswerBytes} bytes`
    return { kind: 'unknown', evidence }
  } catch (error) {
    const what = signal.aborted ? `unfinished after ${request.timeoutMs} ms` : describe(error)
    return { kind: 'unknown', evidence: `answer ${status} broke off: ${what}` }
  }
}

/** Built before the call, so that what `fetch` rejects with is always about the call itself. */
function toFetch(request: HttpRequest, signal: AbortSignal): Request | undefined {
  const { url, method, headers, body } = request
  try {
    return new Request(url, {
      method,
      headers,
      signal,
      redirect: 'manual',
      ...(body === undefined ? {} : { body }),
    })
  } catch {
    return undefined
  }
}

/** @returns undefined when the body is longer than the request allows */
export async function readBounded(
  body: AsyncIterable<Uint8Array> | readonly Uint8Array[],
  { maxAnswerBytes, answerOverflow }: HttpRequest,
): Promise<Uint8Array<ArrayBuffer> | undefined> {
  const chunks: Uint8Array[] = []
  let length = 0
  for await (const chunk of body) {
    chunks.push(chunk)
    length += chunk.length
    if (length > maxAnswerBytes) break
  }
  if (length > maxAnswerBytes && answerOverflow !== 'cut') return undefined
  return joined(chunks, Math.min(length, maxAnswerBytes))
}

function joined(chunks: readonly Uint8Array[], length: number): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(length)
  let at = 0
  for (const chunk of chunks) {
    whole.set(chunk.subarray(0, length - at), at)
    at += chunk.length
  }
  return whole
}

/** The innermost error's code or text. Without URLs, for channels want secrets in some of theirs. */
export function describe(error: unknown): string {
  if (!(error instanceof Error)) return 'unexplained'
  if (error.cause instanceof Error) return describe(error.cause)
  if ('code' in error && typeof error.code === 'string') return error.code
  return error.message.replace(/\w+:\/\/\S+/g, '(url)')
}
