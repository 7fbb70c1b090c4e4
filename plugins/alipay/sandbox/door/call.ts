import type * as z from 'zod'
import { ok, type Result, refuse } from '../../../../core/plugin/api.ts'
import type { Charset } from '../encoding/charset.ts'
import type { Alipay, Settings } from '../settings.ts'
import type { Caller } from './let-in.ts'
import { type Refusal, type Reply, refusal } from './refusals.ts'

/** A call whose sender is known. */
export interface Call extends Caller {
  readonly charset: Charset
  readonly notifyUrl: string | null
  readonly returnUrl: string | null
  /** biz_content, decrypted and read as JSON. */
  readonly content: unknown
}

export type Handler = (alipay: Alipay, call: Call) => Promise<Reply>

/**
 * Parses what a call is about.
 *
 * @param invalid what the interface calls a parameter that is wrong
 */
export function readContent<Parsed>(
  { settings }: Alipay,
  { content }: Call,
  schema: z.ZodType<Parsed>,
  invalid: Refusal,
): Result<Parsed, Reply> {
  const result = parse(schema, content, settings)
  if (result.success) return ok(result.data)
  const [issue] = result.error.issues
  const path = issue?.code === 'unrecognized_keys' ? [...issue.path, ...issue.keys] : issue?.path
  return refuse(refusal(codeOf(issue) ?? invalid, `${path?.join('.')}：${issue?.message}`))
}

/** A rule of a schema may have a code of its own: `refine(rule, { params: { refusal } })`. */
function codeOf(issue: z.core.$ZodIssue | undefined): Refusal | undefined {
  return issue?.code === 'custom' ? issue.params?.refusal : undefined
}

function parse<Parsed>(
  schema: z.ZodType<Parsed>,
  content: unknown,
  settings: Settings,
): z.ZodSafeParseResult<Parsed> {
  const result = schema.safeParse(content)
  if (result.success || settings.unknownFields === 'refused') return result
  const unknown = result.error.issues.filter((issue) => issue.code === 'unrecognized_keys')
  if (unknown.length === 0) return result
  const known = structuredClone(content)
  for (const { path, keys } of unknown) {
    const holder = path.reduce<unknown>((at, name) => Reflect.get(Object(at), name), known)
    for (const key of keys) Reflect.deleteProperty(Object(holder), key)
  }
  return parse(schema, known, settings)
}
