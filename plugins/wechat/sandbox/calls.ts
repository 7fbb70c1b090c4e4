import type * as z from 'zod'
import { ok, type Result, refuse } from '../../../core/plugin/api.ts'
import type { Merchant } from './merchants.ts'
import {
  ILLEGAL_PARAMETER,
  JSAPI_WITHOUT_OPENID,
  OUT_OF_RANGE,
  parameterRefusal,
  type Reply,
  refusal,
  UNKNOWN_PARAMETER,
} from './refusals.ts'
import type { Wechat } from './settings.ts'

/** A call whose sender is known. */
export interface Call {
  readonly merchant: Merchant
  /** What the route's pattern caught, decoded. */
  readonly captured: string
  readonly query: URLSearchParams
  readonly contentType: string
  readonly body: Uint8Array<ArrayBuffer>
}

export type Handler = (wechat: Wechat, call: Call) => Promise<Reply>

export interface ParsedBody<Parsed> {
  readonly parsed: Parsed
  /** All parameters in one text that does not depend on their order: tells a repeat from a change. */
  readonly fingerprint: string
}

/** Parses a JSON body by a strict schema: WeChat refuses members that it does not know. */
export function readBody<Parsed>(
  { body, contentType }: Call,
  schema: z.ZodType<Parsed>,
): Result<ParsedBody<Parsed>, Reply> {
  if (!/^application\/json\b/i.test(contentType)) return refuse(refusal('not_json'))
  const json = parseJson(body)
  if (json === undefined) {
    return refuse(parameterRefusal({ location: 'body', field: '/', issue: 'is not JSON' }))
  }

  const result = schema.safeParse(json)
  if (result.success) return ok({ parsed: result.data, fingerprint: canonical(json) })
  const [issue] = result.error.issues
  return refuse(
    parameterRefusal({
      location: 'body',
      field: issue === undefined ? '/' : pointerTo(issue),
      issue: issue?.message ?? 'is not valid',
      suffix: issue === undefined ? ILLEGAL_PARAMETER : suffixOf(issue),
    }),
  )
}

/** Checks that a query names the merchant who signed. */
export function wrongMerchant({ merchant, query }: Call): Reply | undefined {
  const named = query.get('mchid')
  if (named === null) {
    return parameterRefusal({ location: 'query', field: 'mchid', issue: 'is required' })
  }
  return named === merchant.mchid ? undefined : refusal('not_signer')
}

const utf8 = new TextDecoder('utf-8', { fatal: true })

function parseJson(body: Uint8Array<ArrayBuffer>): unknown {
  try {
    return JSON.parse(utf8.decode(body))
  } catch {
    return undefined // not UTF-8 or not JSON: the caller says so
  }
}

function canonical(json: unknown): string {
  return JSON.stringify(json, (_name, value: unknown) =>
    typeof value === 'object' && value !== null && !Array.isArray(value)
      ? Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)))
      : value,
  )
}

type Issue = z.core.$ZodIssue

function pointerTo(issue: Issue): string {
  const path = issue.code === 'unrecognized_keys' ? [...issue.path, issue.keys[0]] : issue.path
  return `/${path.map(String).join('/')}`
}

function suffixOf(issue: Issue): number {
  if (issue.code === 'unrecognized_keys') return UNKNOWN_PARAMETER
  // Only JSAPI has a payer.
  if (issue.path[0] === 'payer' && issue.code === 'invalid_type') return JSAPI_WITHOUT_OPENID
  return issue.code === 'too_small' || issue.code === 'too_big' ? OUT_OF_RANGE : ILLEGAL_PARAMETER
}
