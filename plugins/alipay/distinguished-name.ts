import { type Bytes, hexOf } from './bytes.ts'
import { type DerElement, objectIdOf, readElements } from './der.ts'

/**
 * A name of X.509 as text by RFC 2253: the most specific part first, `CN=…,OU=…,O=…,C=…`, which is
 * the reverse of its order in the certificate. Alipay hashes this very text (reference §4).
 */
export function nameText(name: Bytes): string {
  return [...readElements(name)]
    .reverse()
    .map(({ content }) => readElements(content).map(pairText).join('+'))
    .join(',')
}

/** The common name in a name; nothing when it has none. */
export function commonNameOf(name: Bytes): string | undefined {
  for (const { content } of readElements(name)) {
    for (const pair of readElements(content)) {
      const [type, value] = readElements(pair.content)
      if (type === undefined || value === undefined) continue
      if (objectIdOf(type.content) === COMMON_NAME) return stringOf(value)
    }
  }
  return undefined
}

const COMMON_NAME = '2.5.4.3'

/** The types that RFC 2253 §2.3 has a short name for. */
const SHORT_NAMES: ReadonlyMap<string, string> = new Map([
  [COMMON_NAME, 'CN'],
  ['2.5.4.6', 'C'],
  ['2.5.4.7', 'L'],
  ['2.5.4.8', 'ST'],
  ['2.5.4.9', 'STREET'],
  ['2.5.4.10', 'O'],
  ['2.5.4.11', 'OU'],
  ['0.9.2342.19200300.100.1.1', 'UID'],
  ['0.9.2342.19200300.100.1.25', 'DC'],
])

function pairText({ content }: DerElement): string {
  const [type, value] = readElements(content)
  if (type === undefined || value === undefined) return ''
  const id = objectIdOf(type.content)
  const shortName = SHORT_NAMES.get(id)
  const text = stringOf(value)
  if (shortName === undefined || text === undefined) return `${id}=#${hexOf(value.whole)}`
  return `${shortName}=${escaped(text)}`
}

/** RFC 2253 §2.4. */
function escaped(text: string): string {
  return text.replace(/[,+"\\<>;]|^[ #]| $/g, (special) => `\\${special}`)
}

const STRING_ENCODINGS: ReadonlyMap<number, string> = new Map([
  [0x0c, 'utf-8'],
  // PrintableString and IA5String are ASCII; T61String is read as Latin-1 wherever it still occurs.
  [0x13, 'utf-8'],
  [0x16, 'utf-8'],
  [0x14, 'latin1'],
  [0x1e, 'utf-16be'],
])

function stringOf({ tag, content }: DerElement): string | undefined {
  const encoding = STRING_ENCODINGS.get(tag)
  return encoding === undefined ? undefined : new TextDecoder(encoding).decode(content)
}
