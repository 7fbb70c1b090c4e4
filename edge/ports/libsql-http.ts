import { createClient } from '@libsql/client/http'
import type { Database } from '../../core/ports.ts'
import { libsqlDatabase } from './libsql.ts'

export interface RemoteDatabase {
  /** `libsql:`, `https:` or `http:`. */
  readonly url: string
  readonly token?: string
  /** The client itself waits for ever. */
  readonly timeoutMs?: number
}

/**
 * A libSQL server or Turso. Opens nothing: each batch is one HTTP request of its own, the first one
 * too, so on Workers it may be made anew for every request.
 */
export function remoteDatabase({ url, token, timeoutMs = 15_000 }: RemoteDatabase): Database {
  const client = createClient({
    url,
    ...(token === undefined ? {} : { authToken: token }),
    // A server that keeps a writer waiting gives up after 5 s on its own; that answer is worth more
    // than our silence.
    fetch: (request: Request) => fetch(request, { signal: AbortSignal.timeout(timeoutMs) }),
  })
  return libsqlDatabase(client)
}
