/**
 * The XML of APIv2 and nothing more of XML: one `<xml>` with members that hold text. What WeChat never
 * sends is refused: document types, entities, attributes, comments, members inside of members, a
 * member twice. There is nothing in it to expand, to nest or to fetch.
 *
 * @returns nothing when the text is anything else
 */
export function readXml(text: string): ReadonlyMap<string, string> | undefined {
  const opened = OPENING.exec(text)
  if (opened === null) return undefined
  const members = new Map<string, string>()
  let offset = opened[0].length
  for (;;) {
    const member = matchAt(MEMBER, text, offset)
    if (member === null) break
    const [whole, name = '', cdata, plain, empty = ''] = member
    const key = name + empty
    if (members.has(key)) return undefined
    members.set(key, cdata ?? plain ?? '')
    offset += whole.length
  }
  const closed = matchAt(CLOSING, text, offset)
  return closed === null || offset + closed[0].length !== text.length ? undefined : members
}

/** Writes members as CDATA, for texts of people may hold anything. */
export function writeXml(members: Readonly<Record<string, string>>): string {
  const written = Object.entries(members).map(
    ([name, value]) => `<${name}>${cdata(value)}</${name}>`,
  )
  return `<xml>${written.join('')}</xml>`
}

/**
 * A text as XML brings it back unchanged: a signature covers what was meant, the other side checks
 * what it has read. Control characters have no place in XML, and line ends change on the way.
 */
export function xmlText(text: string): string {
  return text.replace(/[\p{Cc}\ufffe\uffff]+/gu, ' ').trim()
}

function cdata(value: string): string {
  return `<![CDATA[${value.replaceAll(']]>', ']]]]><![CDATA[>')}]]>`
}

function matchAt(pattern: RegExp, text: string, offset: number): RegExpExecArray | null {
  // A sticky pattern begins where it is told to; told anew each time, it remembers nothing.
  pattern.lastIndex = offset
  return pattern.exec(text)
}

const OPENING = /^\ufeff?(?:<\?xml [^<>?]{0,100}\?>)?\s*<xml>/
// Runs of characters are matched as such: one by one, a long text would need a place on the stack each.
const MEMBER =
  /\s*<(?:([A-Za-z_][\w.-]{0,63})>(?:<!\[CDATA\[([^\]]*(?:\](?!\]>)[^\]]*)*)\]\]>|([^<>&]*))<\/\1>|([A-Za-z_][\w.-]{0,63})\s*\/>)/y
const CLOSING = /\s*<\/xml>\s*/y
