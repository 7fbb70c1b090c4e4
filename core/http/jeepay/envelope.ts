import { signJeepay } from '../../signing/jeepay.ts'

/** What an answer holds. Numbers stay numbers; null members are left out, empty texts are sent. */
export type JeepayData = Readonly<Record<string, string | number | null | undefined>>

/** Codes of JeePay's envelope. @see reference §3 */
export const JEEPAY_CODES = {
  ok: 0,
  refused: 9999,
  unexpected: 10,
  badParameters: 11,
  database: 12,
} as const

export interface JeepayFailure {
  readonly code: number
  readonly msg: string
  /** 200 for everything that has to do with business; else what HTTP has for it. */
  readonly status?: 200 | 413 | 429
  readonly retryAfterMs?: number
}

/** The members that are present, in the order of their names, as JeePay has them. */
export function presentFields(data: JeepayData): [string, string | number][] {
  const present: [string, string | number][] = []
  for (const [name, value] of Object.entries(data)) {
    if (value !== null && value !== undefined) present.push([name, value])
  }
  return present.sort(([a], [b]) => (a < b ? -1 : 1))
}

/** Signs fields as they stand: upper-case, over all of them. */
export function signFields(
  fields: readonly (readonly [string, string | number])[],
  secret: string,
): string {
  return signJeepay(
    fields.map(([name, value]) => [name, String(value)] as const),
    secret,
  )
}

export function successAnswer(data: JeepayData, secret: string): Response {
  const fields = presentFields(data)
  const body = {
    code: JEEPAY_CODES.ok,
    data: Object.fromEntries(fields),
    msg: 'SUCCESS',
    sign: signFields(fields, secret),
  }
  return json(body, 200)
}

/** Neither data nor sign: the SDK takes a failure without them as it is. */
export function failureAnswer({ code, msg, status = 200, retryAfterMs }: JeepayFailure): Response {
  const answer = json({ code, msg }, status)
  if (retryAfterMs !== undefined) {
    answer.headers.set('retry-after', String(Math.ceil(retryAfterMs / 1_000)))
  }
  return answer
}

/** JeePay's SDK reads the body of any status but 404, and repeats a request on 5xx alone. */
export function tooManyRequests(retryAfterMs: number): JeepayFailure {
  const { refused: code } = JEEPAY_CODES
  return { code, msg: '请求过于频繁，请稍后再试', status: 429, retryAfterMs }
}

function json(body: unknown, status: number): Response {
  return new Response(JSON.stringify(body), {
    status,
    headers: { 'content-type': 'application/json;charset=UTF-8', 'cache-control': 'no-store' },
  })
}
