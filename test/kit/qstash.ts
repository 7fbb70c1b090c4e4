import { createHash } from 'node:crypto'
import { SignJWT } from 'jose'
import type { Clock } from '../../core/ports.ts'

/** A stand-in for QStash: its HTTP API, its messages, and what can go wrong with both. */
export interface Qstash {
  readonly account: {
    readonly url: string
    readonly token: string
    readonly currentSigningKey: string
    readonly nextSigningKey: string
  }
  /** The HTTP API. `undefined`: the connection breaks, so that nobody knows what became of it. */
  fetch(request: Request): Promise<Response | undefined>
  /** Delivers what is due, the oldest first. @returns how many calls were made */
  tick(): Promise<number>
  /** Messages that were taken and have yet to be delivered. */
  readonly waiting: readonly Message[]
  /** Publishes that arrived, twins and refused ones among them. */
  readonly published: readonly string[]
  /** Calls that were made, and how they were answered. */
  readonly calls: readonly { readonly request: Request; readonly status: number }[]
  readonly dead: readonly Message[]
  /** What goes wrong from now on. */
  readonly faults: Faults
  /** New keys: the next one becomes the current one. */
  rotate(): void
}

export interface Faults {
  api: 'works' | 'away' | 'refuses' | 'loses answers'
  /** Holds all messages back. */
  isLate: boolean
  /** Each message is delivered so many times. */
  copies: number
  order: 'as due' | 'backwards'
  /** Changes each call before it leaves. */
  tampers: (call: Tampered) => Tampered
}

export interface Tampered {
  readonly url: string
  readonly signedFor: string
  readonly key: string
  /** Unix seconds. */
  readonly issuedAt: number
  readonly body: string
}

export interface Message {
  readonly messageId: string
  readonly url: string
  readonly method: string
  readonly body: string
  readonly headers: Headers
  readonly deduplicationId: string | undefined
  readonly createdAtMs: number
  readonly maxRetries: number
  readonly retryDelay: string | undefined
  dueAtMs: number
  retried: number
}

/** For how long it knows a message again. */
const DEDUPLICATES_FOR_MS = 10 * 60_000
const TOKEN_LASTS_SECONDS = 300

/**
 * @param url of the API
 * @param call reaches what the messages are for; `undefined` when it doesn't
 * @see Upstash, QStash API reference and "Verify signatures", read 2026-11-26
 */
export function openQstash(
  url: string,
  clock: Pick<Clock, 'now'>,
  call: (request: Request) => Promise<Response | undefined>,
): Qstash {
  const keys = { current: 'sig_first', next: 'sig_second', made: 2 }
  const account = {
    url,
    token: 'qstash-token',
    currentSigningKey: keys.current,
    nextSigningKey: keys.next,
  }
  const messages: Message[] = []
  const dead: Message[] = []
  const known = new Map<string, { readonly messageId: string; readonly untilMs: number }>()
  const published: string[] = []
  const calls: { readonly request: Request; readonly status: number }[] = []
  const faults: Faults = {
    api: 'works',
    isLate: false,
    copies: 1,
    order: 'as due',
    tampers: (intact) => intact,
  }
  let sequence = 0

  async function api(request: Request): Promise<Response> {
    if (request.headers.get('authorization') !== `Bearer ${account.token}`) {
      return Response.json({ error: 'invalid token' }, { status: 401 })
    }
    const { pathname } = new URL(request.url)
    const publishedTo = /^\/v2\/publish\/(https?:\/\/.+)$/.exec(pathname)?.[1]
    if (request.method === 'POST' && publishedTo !== undefined) return publish(request, publishedTo)
    const [, kind, id] = /^\/v2\/(messages|dlq|keys)(?:\/([^/]+))?$/.exec(pathname) ?? []
    if (kind === 'keys' && request.method === 'GET') {
      return Response.json({ current: keys.current, next: keys.next })
    }
    if (kind === 'dlq' && id === undefined) {
      return Response.json({ messages: dead.map(shown) })
    }
    const shelf = kind === 'dlq' ? dead : messages
    const at = shelf.findIndex(({ messageId }) => messageId === id)
    const [found] = at < 0 ? [] : [shelf[at]]
    if (found === undefined) return Response.json({ error: 'not found' }, { status: 404 })
    if (request.method === 'GET') return Response.json(shown(found))
    if (request.method !== 'DELETE') return new Response(null, { status: 405 })
    shelf.splice(at, 1)
    return new Response(null, { status: 202 })
  }

  async function publish(request: Request, target: string): Promise<Response> {
    const { headers } = request
    const body = await request.text()
    const deduplicationId = headers.get('upstash-deduplication-id') ?? undefined
    published.push(deduplicationId ?? target)
    const twin = deduplicationId === undefined ? undefined : known.get(deduplicationId)
    if (twin !== undefined && twin.untilMs > clock.now()) {
      return Response.json({ messageId: twin.messageId, deduplicated: true }, { status: 202 })
    }
    const messageId = `msg_${++sequence}`
    const forwarded = [...headers].flatMap(([name, value]): [string, string][] =>
      name.startsWith('upstash-forward-') ? [[name.slice('upstash-forward-'.length), value]] : [],
    )
    messages.push({
      messageId,
      url: target,
      method: headers.get('upstash-method') ?? 'POST',
      body,
      headers: new Headers(forwarded),
      deduplicationId,
      createdAtMs: clock.now(),
      maxRetries: Number(headers.get('upstash-retries') ?? 3),
      retryDelay: headers.get('upstash-retry-delay') ?? undefined,
      dueAtMs: dueAt(headers, clock.now()),
      retried: 0,
    })
    if (deduplicationId !== undefined) {
      known.set(deduplicationId, { messageId, untilMs: clock.now() + DEDUPLICATES_FOR_MS })
    }
    return Response.json({ messageId }, { status: 201 })
  }

  async function deliver(message: Message): Promise<void> {
    const tampered = faults.tampers({
      url: message.url,
      signedFor: message.url,
      key: keys.current,
      issuedAt: Math.floor(clock.now() / 1_000),
      body: message.body,
    })
    const headers = new Headers(message.headers)
    headers.set('user-agent', 'Upstash-QStash')
    headers.set('upstash-message-id', message.messageId)
    headers.set('upstash-retried', String(message.retried))
    headers.set('upstash-signature', await signed(tampered, `jwt_${++sequence}`))
    const { method } = message
    const request = new Request(tampered.url, { method, headers, body: tampered.body })
    const answer = await call(request.clone())
    calls.push({ request, status: answer?.status ?? 0 })
    if (answer?.ok === true) return
    if (message.retried >= message.maxRetries) {
      dead.push(message)
      return
    }
    message.retried++
    message.dueAtMs = clock.now() + retryDelayMs(message)
    messages.push(message)
  }

  return {
    account,
    published,
    calls,
    dead,
    faults,
    get waiting() {
      return messages
    },
    async fetch(request) {
      if (faults.api === 'away') return undefined
      if (faults.api === 'refuses') return Response.json({ error: 'quota' }, { status: 429 })
      const answer = await api(request)
      return faults.api === 'loses answers' ? undefined : answer
    },
    async tick() {
      if (faults.isLate) return 0
      const before = calls.length
      const due = messages
        .filter(({ dueAtMs }) => dueAtMs <= clock.now())
        .toSorted((a, b) => a.dueAtMs - b.dueAtMs)
      if (faults.order === 'backwards') due.reverse()
      for (const message of due) messages.splice(messages.indexOf(message), 1)
      for (const message of due) {
        for (let copy = 1; copy < faults.copies; copy++) await deliver({ ...message })
        await deliver(message)
      }
      return calls.length - before
    },
    rotate() {
      Object.assign(keys, { current: keys.next, next: `sig_${++keys.made}` })
    },
  }
}

function dueAt(headers: Headers, nowMs: number): number {
  const notBefore = headers.get('upstash-not-before')
  if (notBefore !== null) return Number(notBefore) * 1_000
  const delay = /^(\d+)([smhd])$/.exec(headers.get('upstash-delay') ?? '0s')
  if (delay === null) throw new Error('a delay that QStash does not know')
  const unitMs = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 }[delay[2] ?? 's'] ?? 0
  return nowMs + Number(delay[1]) * unitMs
}

/** Its default, e^(2.5 n) seconds and a day at most, or a number of milliseconds. */
function retryDelayMs({ retried, retryDelay }: Message): number {
  if (retryDelay !== undefined) return Number(retryDelay)
  return Math.min(86_400, Math.exp(2.5 * retried)) * 1_000
}

function signed({ signedFor, key, issuedAt, body }: Tampered, jti: string): Promise<string> {
  // It pads its Base64, unlike everything else in a token.
  const hash = createHash('sha256').update(body).digest('base64')
  return new SignJWT({ body: hash.replaceAll('+', '-').replaceAll('/', '_') })
    .setProtectedHeader({ alg: 'HS256', typ: 'JWT' })
    .setIssuer('Upstash')
    .setSubject(signedFor)
    .setIssuedAt(issuedAt)
    .setNotBefore(issuedAt)
    .setExpirationTime(issuedAt + TOKEN_LASTS_SECONDS)
    .setJti(jti)
    .sign(new TextEncoder().encode(key))
}

function shown({ headers, ...message }: Message) {
  return { ...message, header: Object.fromEntries(headers) }
}
