import type { Bytes } from './bytes.ts'

/**
 * A form as it was posted, decoded once, in its own charset (reference §14.1). `+` is a space, and
 * `%2B` is a plus and stays one.
 *
 * @returns nothing when it is no form, or names a parameter twice: of two, one would be verified and
 *   the other believed
 */
export function decodeForm(body: Bytes): ReadonlyMap<string, string> | undefined {
  const pairs = asciiOf(body)
    .split('&')
    .filter((pair) => pair !== '')
    .map((pair) => {
      const [name = '', ...value] = pair.split('=')
      return [bytesOf(name), bytesOf(value.join('='))] as const
    })
  const decoder = decoderFor(pairs)
  if (decoder === undefined) return undefined

  const parameters = new Map<string, string>()
  try {
    for (const [nameBytes, valueBytes] of pairs) {
      const name = decoder.decode(nameBytes)
      if (name === '' || parameters.has(name)) return undefined
      parameters.set(name, decoder.decode(valueBytes))
    }
  } catch {
    return undefined
  }
  return parameters
}

/** A character a byte. Not in one call: a large form has more bytes than a call has arguments. */
function asciiOf(body: Bytes): string {
  return Array.from(body, (byte) => String.fromCharCode(byte)).join('')
}

/** The name of the charset is ASCII in every charset. */
function decoderFor(pairs: readonly (readonly [Bytes, Bytes])[]): TextDecoder | undefined {
  const charset = pairs.find(([name]) => asciiOf(name) === 'charset')?.[1]
  const label = charset === undefined ? 'utf-8' : asciiOf(charset)
  if (!/^(?:utf-?8|gbk|gb2312|gb18030)$/i.test(label)) return undefined
  return new TextDecoder(label, { fatal: true, ignoreBOM: true })
}

function bytesOf(text: string): Bytes {
  const bytes: number[] = []
  for (let at = 0; at < text.length; at++) {
    const hex = text[at] === '%' ? text.slice(at + 1, at + 3) : ''
    if (/^[0-9A-Fa-f]{2}$/.test(hex)) {
      bytes.push(Number.parseInt(hex, 16))
      at += 2
    } else bytes.push(text[at] === '+' ? 0x20 : text.charCodeAt(at))
  }
  return Uint8Array.from(bytes)
}
