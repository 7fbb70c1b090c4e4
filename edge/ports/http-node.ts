import { AsyncLocalStorage } from 'node:async_hooks'
import { subscribe } from 'node:diagnostics_channel'
import type { CallWatch } from './http.ts'

/** How far one call got. */
interface Progress {
  made: boolean
  headersWritten: boolean
}

/**
 * What Node can prove about a call that failed.
 *
 * Node's fetch announces each request that it makes, and again right before the first byte of it is
 * written. A failed call that was announced once and not twice never left: refused, not found, no
 * handshake, or the deadline passed while it was still connecting. Error codes would not do, since
 * a reset while connecting and a reset after the request was written are the same ECONNRESET.
 *
 * Should a Node ever stop to announce, nothing is proven any more and calls end as unknown.
 *
 * @see undici, docs/docs/api/DiagnosticsChannel.md, `undici:request:create` and
 *   `undici:client:sendHeaders`, read in undici 7.29 (Node 24.21)
 */
export function watchNodeCalls(): () => CallWatch {
  const current = new AsyncLocalStorage<Progress>()
  const progressOf = new WeakMap<object, Progress>()

  subscribe('undici:request:create', (message) => {
    const progress = current.getStore()
    const request = requestIn(message)
    if (progress === undefined || request === undefined) return
    progress.made = true
    progressOf.set(request, progress)
  })
  subscribe('undici:client:sendHeaders', (message) => {
    const request = requestIn(message)
    const progress = request && progressOf.get(request)
    if (progress !== undefined) progress.headersWritten = true
  })

  return () => {
    const progress: Progress = { made: false, headersWritten: false }
    return {
      run: (call) => current.run(progress, call),
      // A call that was never announced (a port that fetch blocks, say) is not proven either way.
      provesNotSent: () => progress.made && !progress.headersWritten,
    }
  }
}

function requestIn(message: unknown): object | undefined {
  if (typeof message !== 'object' || message === null || !('request' in message)) return undefined
  return typeof message.request === 'object' ? (message.request ?? undefined) : undefined
}
