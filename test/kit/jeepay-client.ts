/**
 * A JeePay merchant's client, written from the reference alone. It shares no code with the gateway:
 * what the two understand of each other, the protocol says.
 */
import { createHash } from 'node:crypto'

/** What a merchant was given: `.tongbao/sandbox.json` has it. */
export interface MerchantApp {
  readonly mchNo: string
  readonly appId: string
  readonly appSecret: string
}

export type JeepayFields = Readonly<Record<string, string | number>>

export interface Envelope {
  readonly code: number
  readonly msg: string
  readonly data?: JeepayFields
  readonly sign?: string
}

/** The four ways in which clients in the field send the same parameters. @see reference §1, 19 */
export type Transport = 'json' | 'form' | 'query string' | 'get'

/** Upper-case MD5 over sorted `key=value&` texts and the secret. @see reference §2 */
export function jeepaySign(fields: JeepayFields, appSecret: string): string {
  const text = Object.entries(fields)
    .filter(([name, value]) => name !== 'sign' && value !== '')
    .map(([name, value]) => `${name}=${value}&`)
    .sort(ignoringCase)
    .join('')
  return createHash('md5').update(`${text}key=${appSecret}`, 'utf8').digest('hex').toUpperCase()
}

/** Java's `String.CASE_INSENSITIVE_ORDER`, one UTF-16 unit after the other. */
function ignoringCase(a: string, b: string): number {
  for (let at = 0; at < Math.min(a.length, b.length); at++) {
    const difference = folded(a.charAt(at)) - folded(b.charAt(at))
    if (difference !== 0) return difference
  }
  return a.length - b.length
}

function folded(unit: string): number {
  const upper = unit.toUpperCase()
  const single = upper.length === 1 ? upper : unit
  const lower = single.toLowerCase()
  return (lower.length === 1 ? lower : single).charCodeAt(0)
}

/** Adds what every request has, and the sign over all of it. */
export function signedBy(
  { mchNo, appId, appSecret }: MerchantApp,
  fields: JeepayFields,
): JeepayFields {
  const all = {
    mchNo,
    appId,
    version: '1.0',
    signType: 'MD5',
    reqTime: String(Date.now()),
    ...fields,
  }
  return { sign: jeepaySign(all, appSecret), ...all }
}

/** A request with these parameters, signed or not. */
export function requestOver(transport: Transport, url: string, fields: JeepayFields): Request {
  const pairs = new URLSearchParams(
    Object.entries(fields).map(([name, value]) => [name, String(value)]),
  )
  const headers = { accept: 'application/json', 'user-agent': 'Jeepay/v1 JavaBindings/1.0' }
  switch (transport) {
    case 'json':
      return new Request(url, {
        method: 'POST',
        headers: { ...headers, 'content-type': 'application/json; charset=UTF-8' },
        body: JSON.stringify(fields),
      })
    case 'form':
      return new Request(url, {
        method: 'POST',
        headers: { ...headers, 'content-type': 'application/x-www-form-urlencoded' },
        body: pairs.toString(),
      })
    case 'query string':
      return new Request(`${url}?${pairs}`, { method: 'POST', headers })
    case 'get':
      return new Request(`${url}?${pairs}`, { headers })
  }
}

/**
 * Reads an answer as the official SDK does, and is as strict: 200, JSON, either code 0 with data and
 * its upper-case sign, or a failure with neither.
 *
 * @throws when it is anything else
 */
export async function readEnvelope(response: Response, appSecret: string): Promise<Envelope> {
  const text = await response.text()
  const shown = `${response.status} ${text.slice(0, 300)}`
  if (response.status !== 200) throw new Error(`not an answer of a merchant route: ${shown}`)
  const answer = JSON.parse(text) as Envelope
  if (answer.code !== 0) {
    if (answer.data !== undefined || answer.sign !== undefined) {
      throw new Error(`a failure has neither data nor sign: ${shown}`)
    }
    return answer
  }
  if (answer.data === undefined || answer.sign !== jeepaySign(answer.data, appSecret)) {
    throw new Error(`the sign of an answer is wrong: ${shown}`)
  }
  for (const [name, value] of Object.entries(answer.data)) {
    // The one number that is no whole one. @see reference §11
    if (name === 'divisionProfit' && Number.isFinite(value)) continue
    if (typeof value !== 'string' && !Number.isSafeInteger(value)) {
      throw new Error(`${name} is neither text nor a whole number: ${shown}`)
    }
  }
  return answer
}
