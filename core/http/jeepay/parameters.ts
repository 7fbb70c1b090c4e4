import { ok, type Result, refuse } from '../../result.ts'
import { limitedBody } from '../body.ts'
import type { JeepayFailure } from './envelope.ts'

/**
 * Parameters of a request by name, each as the text that a signature covers. Null members and
 * absent fields are no parameters; empty texts are.
 */
export type Parameters = ReadonlyMap<string, string>

/** Far above any order; far below what could hurt. */
const MAX_BODY_BYTES = 256 * 1024

/**
 * Reads parameters as JeePay does: a JSON body alone, or else form fields and query string together.
 *
 * Stricter than JeePay in one thing: one name with two values is refused, where JeePay takes the
 * last. What was signed must be what is acted on, and only one of them can be.
 *
 * @see reference §1
 */
export async function readParameters(request: Request): Promise<Result<Parameters, JeepayFailure>> {
  const body = await limitedBody(request, MAX_BODY_BYTES)
  if (body === undefined) return refuse(TOO_LARGE)
  const contentType = request.headers.get('content-type') ?? ''
  const isJson = /application\/json/i.test(contentType) && request.method !== 'GET'
  const read = isJson
    ? readJson(body)
    : await readFields(new URL(request.url).search.slice(1), body, contentType)
  if (!read.ok) return read
  for (const [name, value] of read.value) {
    if (!isText(name) || !isText(value)) return refuse(NOT_UTF8)
  }
  return read
}

/** Half of a surrogate pair has no UTF-8, and a NUL ends a text early somewhere down the line. */
function isText(text: string): boolean {
  return text.isWellFormed() && !text.includes('\0')
}

async function readFields(
  search: string,
  body: Uint8Array<ArrayBuffer>,
  contentType: string,
): Promise<Result<Parameters, JeepayFailure>> {
  const pairs: (readonly [string, string])[] = []
  const query = readPairs(search)
  if (!query.ok) return query
  pairs.push(...query.value)
  if (/multipart\/form-data/i.test(contentType)) {
    const parts = await readMultipart(body, contentType)
    if (!parts.ok) return parts
    pairs.push(...parts.value)
  } else if (/application\/x-www-form-urlencoded/i.test(contentType)) {
    const text = decodeUtf8(body)
    if (text === undefined) return refuse(NOT_UTF8)
    const form = readPairs(text)
    if (!form.ok) return form
    pairs.push(...form.value)
  }
  return collect(pairs)
}

const NOT_UTF8: JeepayFailure = { code: 11, msg: '参数有误[必须是UTF-8编码]' }
const NOT_JSON: JeepayFailure = { code: 11, msg: '参数有误[转换异常]' }
const TOO_LARGE: JeepayFailure = { code: 11, msg: '参数有误[请求内容过大]', status: 413 }
const twice = (name: string): JeepayFailure => ({ code: 11, msg: `参数有误[参数${name}重复]` })

function decodeUtf8(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    return undefined
  }
}

// ---------------------------------------------------------------------------------------------
// JSON

function readJson(bytes: Uint8Array): Result<Parameters, JeepayFailure> {
  const text = decodeUtf8(bytes)
  if (text === undefined) return refuse(NOT_UTF8)
  if (text.trim() === '') return ok(new Map())
  let parsed: unknown
  try {
    parsed = JSON.parse(text)
  } catch {
    return refuse(NOT_JSON)
  }
  if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed))
    return refuse(NOT_JSON)
  const parameters = new Map<string, string>()
  const seen = new Set<string>()
  for (const { name, raw } of membersOf(text)) {
    if (seen.has(name)) return refuse(twice(name))
    seen.add(name)
    const value = signTextOf(raw)
    if (value !== undefined) parameters.set(name, value)
  }
  return ok(parameters)
}

/** The text that a JSON value is signed as: numbers as they are written, objects without spaces. */
function signTextOf(raw: string): string | undefined {
  if (raw === 'null') return undefined
  if (raw.startsWith('"')) return JSON.parse(raw) as string
  return raw.replace(/("(?:[^"\\]|\\.)*")|\s+/g, '$1')
}

/**
 * Members of the outermost object, with their values as they are written: `JSON.parse` drops double
 * names and rounds numbers, and signatures cover what was written.
 *
 * @param json known to be valid, with an object outermost
 */
function* membersOf(json: string): Generator<{ readonly name: string; readonly raw: string }> {
  let at = json.indexOf('{') + 1
  for (;;) {
    const start = json.indexOf('"', at)
    if (start === -1) return
    const end = endOfString(json, start)
    const colon = json.indexOf(':', end)
    const stop = endOfValue(json, colon + 1)
    const name = JSON.parse(json.slice(start, end)) as string
    yield { name, raw: json.slice(colon + 1, stop).trim() }
    if (json[stop] === '}') return
    at = stop + 1
  }
}

/** @returns the place behind the closing quote */
function endOfString(json: string, start: number): number {
  for (let at = start + 1; ; at++) {
    if (json[at] === '\\') at++
    else if (json[at] === '"') return at + 1
  }
}

/** @returns the place of the comma or brace behind the value */
function endOfValue(json: string, start: number): number {
  let depth = 0
  for (let at = start; at < json.length; at++) {
    const unit = json[at]
    if (unit === '"') at = endOfString(json, at) - 1
    else if (unit === '{' || unit === '[') depth++
    else if ((unit === '}' || unit === ',') && depth === 0) return at
    else if (unit === '}' || unit === ']') depth--
  }
  return json.length
}

// ---------------------------------------------------------------------------------------------
// Forms

type Pairs = readonly (readonly [string, string])[]

function readPairs(text: string): Result<Pairs, JeepayFailure> {
  const pairs: (readonly [string, string])[] = []
  for (const part of text.split('&')) {
    if (part === '') continue
    const equals = part.indexOf('=')
    const name = percentDecode(equals === -1 ? part : part.slice(0, equals))
    const value = percentDecode(equals === -1 ? '' : part.slice(equals + 1))
    if (name === undefined || value === undefined) return refuse(NOT_UTF8)
    pairs.push([name, value])
  }
  return ok(pairs)
}

function percentDecode(text: string): string | undefined {
  const spaced = text.replaceAll('+', ' ')
  // What is no valid escape stands for itself, as in every form decoder.
  const escaped = spaced.replace(/%(?![0-9A-Fa-f]{2})/g, '%25')
  try {
    return decodeURIComponent(escaped)
  } catch {
    return undefined
  }
}

async function readMultipart(
  body: Uint8Array<ArrayBuffer>,
  contentType: string,
): Promise<Result<Pairs, JeepayFailure>> {
  try {
    const form = await new Response(body, { headers: { 'content-type': contentType } }).formData()
    return ok(
      [...form].flatMap(([name, value]) =>
        typeof value === 'string' ? [[name, value] as const] : [],
      ),
    )
  } catch {
    return refuse(NOT_JSON)
  }
}

/** `name[sub]=v` makes a nested value, which is signed as its JSON. */
function collect(pairs: Pairs): Result<Parameters, JeepayFailure> {
  const flat = new Map<string, string>()
  const nested = new Map<string, Map<string, string>>()
  for (const [name, value] of pairs) {
    const [, outer, key = name] = /^([^[\]]+)\[([^[\]]*)\]$/.exec(name) ?? []
    const target = outer === undefined ? flat : memberOf(nested, outer)
    const known = target.get(key)
    if (known !== undefined && known !== value) return refuse(twice(name))
    target.set(key, value)
  }
  for (const [name, members] of nested) {
    if (flat.has(name)) return refuse(twice(name))
    flat.set(name, JSON.stringify(Object.fromEntries(members)))
  }
  return ok(flat)
}

function memberOf(nested: Map<string, Map<string, string>>, name: string): Map<string, string> {
  const known = nested.get(name)
  if (known !== undefined) return known
  const fresh = new Map<string, string>()
  nested.set(name, fresh)
  return fresh
}
