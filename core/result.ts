/** What a caller can expect to be refused is a value; exceptions are for broken invariants. */
export type Result<Value, Refusal> =
  | { readonly ok: true; readonly value: Value }
  | { readonly ok: false; readonly refusal: Refusal }

export function ok<Value>(value: Value): Result<Value, never> {
  return { ok: true, value }
}

export function refuse<Refusal>(refusal: Refusal): Result<never, Refusal> {
  return { ok: false, refusal }
}

/** @throws when a thing that the code relies on does not hold */
export function assert(condition: unknown, claim: string): asserts condition {
  if (!condition) throw new Error(`broken invariant: ${claim}`)
}
