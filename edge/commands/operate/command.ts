import type { ParseArgsOptionsConfig } from 'node:util'
import type { Core } from '../../../core/core.ts'

/** What an operator gave or asked for cannot be done: one line that says what to do. */
export class Wrong extends Error {}

/** Where a command reads and writes. */
export interface Terminal {
  /** Settings and the like: a file, or `-` for standard input. */
  read(path: string): Promise<string>
  print(line: string): void
  /** Beside the output proper: totals, warnings. */
  remark(line: string): void
}

export interface Operator extends Terminal {
  readonly core: Core
}

/** What was written behind the command. */
export interface Given {
  /** By its place from 0. @throws {Wrong} when it is not there */
  place(at: number, what: string): string
  placeIfAny(at: number): string | undefined
  /** @throws {Wrong} when it is not there */
  option(name: string): string
  optionIfAny(name: string): string | undefined
  flag(name: string): boolean
}

export interface Command {
  /** What follows the command's name. */
  readonly usage: string
  readonly does: string
  readonly options: ParseArgsOptionsConfig
  run(operator: Operator, given: Given): Promise<void>
}

/** One of a few words. */
export function oneOf<Word extends string>(
  what: string,
  words: readonly Word[],
  text: string,
): Word {
  const found = words.find((word) => word === text)
  if (found === undefined) throw new Wrong(`${what} is one of ${words.join(', ')}, not ${text}`)
  return found
}

/** A refusal in words; what is not in the table says its code. */
export function refused(
  refusal: { readonly code: string },
  texts: Readonly<Record<string, string>> = {},
): Wrong {
  const { code, ...facts } = refusal
  const details = Object.values(facts).length === 0 ? '' : ` (${JSON.stringify(facts)})`
  return new Wrong(`${texts[code] ?? code.replaceAll('_', ' ')}${details}`)
}
