import { Client, Receiver } from '@upstash/qstash'
import { wakeUpPath } from '../../core/http/wake-up.ts'
import type { Clock, HttpPort, WakeTimer } from '../../core/ports.ts'

export interface QstashAccount {
  /** Of the API; no slash at its end. */
  readonly url: string
  readonly token: string
  readonly currentSigningKey: string
  /** Signs once the keys have been rolled: both are accepted at any time. */
  readonly nextSigningKey: string
}

const PUBLISH_TIMEOUT_MS = 5_000
const MAX_ANSWER_BYTES = 64 * 1_024
/** A try ends after 10 s; the rest is for the database. */
const CALL_TIMEOUT_SECONDS = 30
/** For calls that fail on our side; the schedule of tries is ours, so that these are few. */
const CALL_RETRIES = 2
/** Its clock may be ahead of ours by so much. */
const CLOCK_TOLERANCE_SECONDS = 10

/**
 * QStash as the timer: one message a try, which calls our delivery endpoint when the try is due.
 *
 * A message published twice is one, since it has its try for a name. All goes through our HTTP port,
 * so that it has a deadline and works the same on each runtime; of the SDK's own retries there are
 * none, because a publish that failed is the sweep's.
 *
 * @see Upstash, QStash documentation, "Publish a message", "Deduplication" and "Verify signatures",
 *   read 2026-11-26
 */
export function qstashTimer(
  { url, token, currentSigningKey, nextSigningKey }: QstashAccount,
  publicUrl: string,
  ports: { readonly http: HttpPort; readonly clock: Pick<Clock, 'now'> },
): WakeTimer {
  // Said outright: the SDK would also listen to variables of the process, keys of a server for
  // development among them, which everybody knows.
  const devMode = false
  const client = new Client({ baseUrl: url, token, retry: false, enableTelemetry: false, devMode })
  client.http = requester(url, token, ports.http)
  const receiver = new Receiver({ currentSigningKey, nextSigningKey, devMode })

  return {
    async wake(wakeUp) {
      const { notificationId, number, atMs, traceparent } = wakeUp
      // Told as a delay, not as a time: then their clock need not agree with ours.
      const delay = Math.ceil((atMs - ports.clock.now()) / 1_000)
      await client.publish({
        url: publicUrl + wakeUpPath(wakeUp),
        deduplicationId: `${notificationId}-${number}`,
        retries: CALL_RETRIES,
        timeout: CALL_TIMEOUT_SECONDS,
        ...(delay > 0 && { delay }),
        ...(traceparent !== undefined && { headers: { traceparent } }),
      })
    },
    async isReachable() {
      // Asks for the signing keys: that changes nothing, and wants the token to be good.
      await client.http.request({ method: 'GET', path: ['v2', 'keys'] })
      return true
    },
    async verify({ url: called, headers, body }) {
      const signature = headers.get('upstash-signature')
      if (signature === null) return false
      try {
        return await receiver.verify({
          signature,
          body,
          url: called,
          clockTolerance: CLOCK_TOLERANCE_SECONDS,
        })
      } catch {
        // It throws for each thing that can be wrong, and for some of them a TypeError.
        return false
      }
    },
  }
}

/** What the SDK sends its requests with. */
function requester(url: string, token: string, http: HttpPort): Client['http'] {
  return {
    async request({ path, method, headers, body }) {
      const answer = await http.send({
        method: method === 'PATCH' ? 'POST' : (method ?? 'GET'),
        url: [url, ...path].join('/'),
        headers: {
          // The SDK makes them itself, whatever else its type allows.
          ...(headers instanceof Headers && Object.fromEntries(headers)),
          authorization: `Bearer ${token}`,
        },
        ...(typeof body === 'string' && { body }),
        timeoutMs: PUBLISH_TIMEOUT_MS,
        maxAnswerBytes: MAX_ANSWER_BYTES,
      })
      if (answer.kind === 'not_sent') throw new Error(`QStash: not sent: ${answer.reason}`)
      if (answer.kind === 'unknown') throw new Error(`QStash: ${answer.evidence}`)
      if (answer.status < 200 || answer.status > 299) {
        throw new Error(`QStash answered ${answer.status}`)
      }
      return JSON.parse(new TextDecoder().decode(answer.body))
    },
    // biome-ignore lint/correctness/useYield: the SDK wants one, for what we don't use of it
    async *requestStream() {
      throw new Error('nothing here streams')
    },
  }
}
