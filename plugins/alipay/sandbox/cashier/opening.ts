/** What a payer's client does with what a merchant handed out, whichever product it is of. */
import { ok, type Result, refuse } from '../../../../core/plugin/api.ts'
import type { Parameters } from '../door/parameters.ts'
import { charsetOf } from '../encoding/charset.ts'
import { queryOf, readForm } from '../encoding/form.ts'
import type { Alipay } from '../settings.ts'
import { followTo } from '../trade/finding.ts'
import { openTrade } from '../trade/paying.ts'
import type { OpenedTrade } from '../trade/trade.ts'
import { openSigned } from './signed-order.ts'

/**
 * Opens it: the text of a QR code, a link or form to the gateway, the order string of an app, or a
 * trade_no, alone or in the JSON that a page hands on.
 *
 * @returns why not, for people
 */
export async function open(alipay: Alipay, handed: string): Promise<Result<OpenedTrade, string>> {
  const path = /https:\/\/qr\.alipay\.com\/\w+/.exec(handed) ?? /^\D*(\d{28})\D*$/.exec(handed)
  if (path !== null) {
    const found = await followTo(alipay, path[1] ?? path[0])
    return found === undefined ? refuse('there is no such trade') : openTrade(alipay, found.id)
  }
  const parameters = readSigned(handed)
  if (parameters === undefined) return refuse('Alipay does not know what this is')
  const opened = await openSigned(alipay, parameters)
  if (opened.ok) return ok(opened.value)
  const { subCode, subMessage } = opened.refusal
  return refuse(`${subCode} ${subMessage}`)
}

function readSigned(handed: string): Parameters | undefined {
  const text = handed.trim()
  if (text.startsWith('<')) return parametersOf(...formParts(text))
  if (/^https?:/.test(text)) return parametersOf(queryOf(text))
  return /(^|&)method=alipay\./.test(text) ? parametersOf(bytes(text)) : undefined
}

function parametersOf(...parts: readonly Uint8Array[]): Parameters {
  const pairs = (charset: Parameters['charset']) => parts.flatMap((part) => readForm(part, charset))
  const named = Object.fromEntries(pairs('utf-8')).charset ?? ''
  const charset = charsetOf(named) ?? 'utf-8'
  return { fields: Object.fromEntries(pairs(charset)), charset }
}

/** What a browser would send of a form: the query of its action, and its hidden inputs. */
function formParts(html: string): readonly Uint8Array[] {
  const action = /<form[^>]*\baction=(["'])(.*?)\1/is.exec(html)?.[2] ?? ''
  const inputs = [...html.matchAll(/<input[^>]*>/gis)].map(([input]) => {
    const name = /\bname=(["'])(.*?)\1/is.exec(input)?.[2] ?? ''
    const value = /\bvalue=(["'])(.*?)\1/is.exec(input)?.[2] ?? ''
    return `${encodeURIComponent(name)}=${encodeURIComponent(unescapeHtml(value))}`
  })
  return [queryOf(unescapeHtml(action)), bytes(inputs.join('&'))]
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&quot;': '"',
  '&#34;': '"',
  '&#39;': "'",
  '&apos;': "'",
  '&lt;': '<',
  '&gt;': '>',
  '&amp;': '&',
}

function unescapeHtml(text: string): string {
  return text.replace(/&(quot|#34|#39|apos|lt|gt|amp);/g, (entity) => ENTITIES[entity] ?? entity)
}

function bytes(text: string): Uint8Array {
  return new TextEncoder().encode(text)
}
