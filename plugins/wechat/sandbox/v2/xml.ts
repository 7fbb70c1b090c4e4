/** The XML of APIv2: one `<xml>` whose members hold text, with or without CDATA. */

export type V2Members = Readonly<Record<string, string>>

/** @returns undefined when it is not such a document, or has anything that APIv2 has no use for */
export function readXml(text: string): V2Members | undefined {
  const inside = DOCUMENT.exec(text)?.[1]
  if (inside === undefined) return undefined
  const members: Record<string, string> = {}
  const rest = inside.replace(MEMBER, (_all, name: string, cdata?: string, plain?: string) => {
    members[name] = cdata ?? unescaped(plain ?? '')
    return ''
  })
  return rest.trim() === '' ? members : undefined
}

export function writeXml(members: V2Members): string {
  const lines = Object.entries(members).map(
    ([name, value]) =>
      `<${name}><![CDATA[${value.replaceAll(']]>', ']]]]><![CDATA[>')}]]></${name}>`,
  )
  return `<xml>${lines.join('\n')}</xml>`
}

const DOCUMENT = /^\s*(?:<\?xml[^?]*\?>\s*)?<xml>([\s\S]*)<\/xml>\s*$/
const MEMBER = /<([A-Za-z_]\w*)>(?:<!\[CDATA\[([\s\S]*?)\]\]>|([^<]*))<\/\1>/g

const ENTITIES: V2Members = { '&lt;': '<', '&gt;': '>', '&quot;': '"', '&apos;': "'", '&amp;': '&' }

function unescaped(text: string): string {
  return text.replace(/&(?:lt|gt|quot|apos|amp);/g, (entity) => ENTITIES[entity] ?? entity)
}
