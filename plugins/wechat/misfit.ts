import type * as z from 'zod'

/** Names the first member that does not fit, without its value: values may be personal. */
export function misfitOf({ issues }: z.ZodError): string {
  const path = issues[0]?.path.join('.') ?? ''
  return path === '' ? 'it has another shape' : `its ${path} is missing or odd`
}
