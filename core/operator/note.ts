import { assert } from '../result.ts'

/** An operator says why, with every decision: who reads it later was not there. */
export function inWords(note: string): string {
  const words = note.trim()
  assert(words !== '', 'an operator says why')
  return words.slice(0, 500)
}
