import * as z from 'zod'
import { ok, type Result, refuse } from '../result.ts'
import type { Names } from './api.ts'

/** A key and the id that the channel knows it by. */
export interface KeyWithId {
  readonly id: string
  /** PEM, or base64 of the DER. */
  readonly key: string
}

interface FieldBase {
  /** Who has this setting: the service provider, the merchant, or a merchant below a provider. */
  readonly scope: 'service_provider' | 'merchant' | 'sub_merchant'
  readonly label: Names
  /** Where in the channel's console it is found. */
  readonly hint: Names
  readonly required: boolean
}

/**
 * One setting of a channel account. `secret` and `private_key` are never shown again once stored;
 * all settings are sealed at rest.
 */
export type ConfigField = FieldBase &
  (
    | { readonly kind: 'text'; readonly pattern?: RegExp }
    | { readonly kind: 'choice'; readonly choices: readonly [string, ...string[]] }
    | { readonly kind: 'secret'; readonly pattern?: RegExp }
    | { readonly kind: 'private_key' }
    | { readonly kind: 'certificate' }
    | { readonly kind: 'public_key' }
    | { readonly kind: 'public_key_with_id' }
    /** An endpoint that replaces the channel's own (a proxy); its host may then be called. */
    | { readonly kind: 'url' }
  )

export type ConfigFields = Readonly<Record<string, ConfigField>>

type ValueOf<Field extends ConfigField> = Field extends {
  readonly kind: 'choice'
  readonly choices: readonly (infer Choice)[]
}
  ? Choice
  : Field extends { readonly kind: 'public_key_with_id' }
    ? KeyWithId
    : string

/** The config that a plugin's operations get, typed by its fields. */
export type ConfigOf<Fields extends ConfigFields> = {
  readonly [K in keyof Fields as Fields[K]['required'] extends true ? K : never]: ValueOf<Fields[K]>
} & {
  readonly [K in keyof Fields as Fields[K]['required'] extends true ? never : K]?: ValueOf<
    Fields[K]
  >
}

/** Parses stored settings by their fields; each problem names its field and what to do. */
export function parseSettings(
  fields: ConfigFields,
  settings: unknown,
): Result<Readonly<Record<string, string | KeyWithId>>, readonly string[]> {
  const shape: Record<string, z.ZodType<string | KeyWithId | undefined>> = {}
  for (const [name, field] of Object.entries(fields)) {
    const schema = schemaOf(field)
    shape[name] = field.required ? schema : schema.optional()
  }
  const parsed = z.strictObject(shape).safeParse(settings)
  if (!parsed.success) {
    return refuse(parsed.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`))
  }
  const present: Record<string, string | KeyWithId> = {}
  for (const [name, value] of Object.entries(parsed.data)) {
    if (value !== undefined) present[name] = value
  }
  return ok(present)
}

const text = z.string().trim().min(1)

function schemaOf(field: ConfigField): z.ZodType<string | KeyWithId> {
  switch (field.kind) {
    case 'text':
    case 'secret':
      return field.pattern === undefined
        ? text
        : text.regex(field.pattern, `does not look like ${field.label.en}`)
    case 'choice':
      return z.enum(field.choices)
    case 'public_key_with_id':
      return z.object({ id: text, key: keyMaterial('public key') })
    case 'private_key':
      return keyMaterial('private key')
    case 'public_key':
      return keyMaterial('public key')
    case 'certificate':
      return keyMaterial('certificate')
    case 'url':
      return z.url({ protocol: /^https?$/ })
  }
}

function keyMaterial(what: string) {
  return text.regex(
    /^(-----BEGIN [A-Z0-9 ]+-----[\sA-Za-z0-9+/=]+-----END [A-Z0-9 ]+-----\s*)+$|^[\sA-Za-z0-9+/=]+$/,
    `is not a ${what}: give the PEM text, or the base64 between its lines`,
  )
}
