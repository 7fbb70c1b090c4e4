import type * as z from 'zod'

/** @returns nothing when it is not JSON; JSON itself has no `undefined` */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** Names the first member that does not fit, without its value: values may be personal. */
export function misfitOf({ issues }: z.ZodError): string {
  const path = issues[0]?.path.join('.') ?? ''
  return path === '' ? 'it has another shape' : `its ${path} is missing or odd`
}
