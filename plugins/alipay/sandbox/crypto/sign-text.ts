/**
 * What is signed of a set of fields: `k=v` in the order of their names, values as they are, joined
 * by `&`. The signature itself never takes part, and on a request neither does what is empty.
 *
 * @param without further names that do not take part: `sign_type` on callbacks and returns
 */
export function signText(
  fields: Readonly<Record<string, string>>,
  without: readonly string[] = [],
): string {
  return Object.entries(fields)
    .filter(([name, value]) => name !== 'sign' && value !== '' && !without.includes(name))
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, value]) => `${name}=${value}`)
    .join('&')
}
