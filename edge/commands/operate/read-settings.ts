import * as z from 'zod'
import type { Settings } from '../../../core/merchant/accounts.ts'
import { type Operator, Wrong } from './command.ts'

const object = z.record(z.string(), z.unknown())

/** Settings from a file or standard input. What they hold is in no message. */
export async function readSettings({ read }: Operator, path: string): Promise<Settings> {
  const text = await read(path).catch((error: unknown) => {
    throw new Wrong(`${path} cannot be read`, { cause: error })
  })
  const parsed = object.safeParse(parse(text))
  if (!parsed.success) throw new Wrong('settings are one JSON object, names and values')
  return parsed.data
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
