import type { Bytes } from './mutate.ts'

/** A parser at the rim, and what it is usually given. */
export interface Target {
  readonly name: string
  readonly seeds: readonly Bytes[]
  /** @throws when it does not stand an input */
  feed(input: Bytes): unknown
}

export const bytesOf = (text: string): Bytes => new TextEncoder().encode(text)
export const textOf = (bytes: Bytes): string => new TextDecoder().decode(bytes)

/** A parser of texts that refuses by its answer, and never throws. */
export function ofText(
  name: string,
  seeds: readonly string[],
  parse: (text: string) => unknown,
): Target {
  return { name, seeds: seeds.map(bytesOf), feed: (input) => parse(textOf(input)) }
}

export function ofBytes(
  name: string,
  seeds: readonly Uint8Array[],
  parse: (bytes: Bytes) => unknown,
): Target {
  return { name, seeds: seeds.map((seed) => Uint8Array.from(seed)), feed: parse }
}
