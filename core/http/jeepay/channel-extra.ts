import { ok, type Result, refuse } from '../../result.ts'
import type { JeepayFailure } from './envelope.ts'

/** `channelExtra` by folded name: JeePay matches names ignoring case, `_` and `-`. */
export type ChannelExtra = ReadonlyMap<string, string>

/**
 * Reads the text of `channelExtra`. Empty is `{}`, and so is the `[]` that a PHP client sends when
 * it has nothing to say.
 *
 * @see reference §7
 */
export function readChannelExtra(text: string | undefined): Result<ChannelExtra, JeepayFailure> {
  try {
    return readMembers(text === undefined ? {} : JSON.parse(text))
  } catch {
    // No JSON; or JSON that is nested so deep that it can be read and not be written again.
    return refuse(BAD)
  }
}

function readMembers(given: unknown): Result<ChannelExtra, JeepayFailure> {
  const parsed = Array.isArray(given) && given.length === 0 ? {} : given
  if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed)) return refuse(BAD)
  const extra = new Map<string, string>()
  for (const [name, value] of Object.entries(parsed)) {
    if (value === null || value === undefined) continue
    extra.set(fold(name), typeof value === 'string' ? value : JSON.stringify(value))
  }
  return ok(extra)
}

const BAD: JeepayFailure = { code: 11, msg: '参数有误[channelExtra必须是JSON对象]' }

/** Gives each value the name that the way's schema has for it; drops what the way does not know. */
export function canonicalExtra(
  extra: ChannelExtra,
  names: readonly string[],
): Readonly<Record<string, string>> {
  const canonical: Record<string, string> = {}
  for (const name of names) {
    const value = extra.get(fold(name))
    if (value !== undefined) canonical[name] = value
  }
  return canonical
}

function fold(name: string): string {
  return name.replaceAll(/[_-]/g, '').toLowerCase()
}
