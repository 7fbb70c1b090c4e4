import { type Charset, charsetOf } from '../encoding/charset.ts'
import { queryOf, readForm } from '../encoding/form.ts'

/** The parameters of a call, wherever they stood: SDKs put them in the query, the body, or both. */
export interface Parameters {
  readonly fields: Readonly<Record<string, string>>
  /** What they are written in; UTF-8 when they do not say, or say what Alipay does not take. */
  readonly charset: Charset
}

export async function readParameters(request: Request): Promise<Parameters> {
  const parts = [queryOf(request.url), new Uint8Array(await request.arrayBuffer())]
  // Its name is ASCII in every charset, so that it can be read before the charset is known.
  const named = parts
    .flatMap((part) => readForm(part, 'utf-8'))
    .find(([name]) => name === 'charset')
  const charset = charsetOf(named?.[1] ?? '') ?? 'utf-8'
  return { fields: Object.fromEntries(parts.flatMap((part) => readForm(part, charset))), charset }
}
