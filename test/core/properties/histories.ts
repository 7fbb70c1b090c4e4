import * as fc from 'fast-check'

/**
 * A history of facts and another telling of it: the same facts in another order, some of them more
 * than once.
 */
export function retellings<Fact>(
  facts: fc.Arbitrary<readonly Fact[]>,
): fc.Arbitrary<readonly [readonly Fact[], readonly Fact[]]> {
  return facts.chain((history) =>
    fc.tuple(
      fc.constant(history),
      fc
        .array(fc.nat(), { maxLength: 4 })
        .map((again) => history.concat(again.flatMap((at) => history[at % history.length] ?? [])))
        .chain((all) => fc.shuffledSubarray(all, { minLength: all.length })),
    ),
  )
}
