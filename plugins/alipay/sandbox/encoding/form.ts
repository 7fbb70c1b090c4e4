import { type Charset, decoded, encoded } from './charset.ts'

/** Reads `a=b&c=d`, of a query or a body. `+` is a space, and each value is unescaped once. */
export function readForm(
  raw: Uint8Array,
  charset: Charset,
): readonly (readonly [string, string])[] {
  let latin = ''
  for (const byte of raw) latin += String.fromCharCode(byte)
  return latin
    .split('&')
    .filter((pair) => pair !== '')
    .map((pair) => {
      const cut = pair.indexOf('=')
      const [name, value] = cut < 0 ? [pair, ''] : [pair.slice(0, cut), pair.slice(cut + 1)]
      return [decoded(charset, unescaped(name)), decoded(charset, unescaped(value))] as const
    })
}

/** Writes a form as Java's URLEncoder does, which is what Alipay's callbacks look like. */
export function writeForm(fields: Readonly<Record<string, string>>, charset: Charset): string {
  return Object.entries(fields)
    .map(([name, value]) => `${escaped(name, charset)}=${escaped(value, charset)}`)
    .join('&')
}

/** The query of an address, as it was sent. */
export function queryOf(url: string): Uint8Array<ArrayBuffer> {
  const [address = ''] = url.split('#')
  const cut = address.indexOf('?')
  return new TextEncoder().encode(cut < 0 ? '' : address.slice(cut + 1))
}

function unescaped(text: string): Uint8Array<ArrayBuffer> {
  const bytes: number[] = []
  for (let at = 0; at < text.length; at += 1) {
    const hex = text[at] === '%' ? /^[0-9A-Fa-f]{2}/.exec(text.slice(at + 1, at + 3)) : null
    if (hex !== null) {
      bytes.push(Number.parseInt(hex[0], 16))
      at += 2
    } else bytes.push(text[at] === '+' ? 0x20 : text.charCodeAt(at))
  }
  return Uint8Array.from(bytes)
}

function escaped(text: string, charset: Charset): string {
  return Array.from(encoded(charset, text), (byte) => {
    const character = String.fromCharCode(byte)
    if (/[A-Za-z0-9.*_-]/.test(character)) return character
    return byte === 0x20 ? '+' : `%${byte.toString(16).toUpperCase().padStart(2, '0')}`
  }).join('')
}
