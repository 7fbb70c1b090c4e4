import type * as z from 'zod'
import { ok, type Result, refuse } from '../../../core/plugin/api.ts'
import type { PlatformKey } from './keys.ts'
import type { Merchant } from './merchants.ts'
import { refuseWho, type Who } from './parties.ts'
import {
  ILLEGAL_PARAMETER,
  JSAPI_WITHOUT_OPENID,
  OUT_OF_RANGE,
  parameterRefusal,
  type Reply,
  refusal,
  SUB_MCHID_MISSING,
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
  /** What the caller puts before a path to reach us. */
  readonly base: string
  /** The key that `Wechatpay-Serial` names: what is secret in the body was encrypted with it. */
  readonly sealedWith: PlatformKey | undefined
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

/** Parses the query of a direct merchant's call, which names the merchant who signed. */
export function directWho({ merchant, query }: Call): Result<Who, Reply> {
  const mchid = query.get('mchid')
  if (mchid === null) return refuse(missing('mchid'))
  return permitted(merchant, { kind: 'direct', mchid })
}

/** The same for a service provider's call. */
export function partnerWho({ merchant, query }: Call): Result<Who, Reply> {
  const spMchid = query.get('sp_mchid')
  const subMchid = query.get('sub_mchid')
  if (spMchid === null) return refuse(missing('sp_mchid'))
  if (subMchid === null) return refuse(missing('sub_mchid', SUB_MCHID_MISSING))
  return permitted(merchant, { kind: 'partner', spMchid, subMchid })
}

/** @returns the same, if the merchant who signed may call for them */
export function permitted(merchant: Merchant, who: Who): Result<Who, Reply> {
  const why = refuseWho(merchant, who)
  return why === undefined ? ok(who) : refuse(refusal(why))
}

function missing(field: string, suffix = ILLEGAL_PARAMETER): Reply {
  return parameterRefusal({ location: 'query', field, issue: 'is required', suffix })
}

const utf8 = new TextDecoder('utf-8', { fatal: true })

function parseJson(body: Uint8Array<ArrayBuffer>): unknown {
  try {
    return JSON.parse(utf8.decode(body))
  } catch {
    return undefined // not UTF-8 or not JSON: the caller says so
  }
}

/** JSON in one form whatever the order of its members. */
export function canonical(json: unknown): string {
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
  if (issue.path[0] === 'sub_mchid' && issue.code === 'invalid_type') return SUB_MCHID_MISSING
  const [first, second] = issue.path
  // Only JSAPI names its payer; a till has the payer's code.
  const namesPayer = first === 'payer' && second !== 'auth_code'
  if (namesPayer && issue.code === 'invalid_type') return JSAPI_WITHOUT_OPENID
  return issue.code === 'too_small' || issue.code === 'too_big' ? OUT_OF_RANGE : ILLEGAL_PARAMETER
}
