/**
 * The text that is signed: parameters in the order of their names, `name=value` with the values as
 * they are, before any encoding for transport (reference §2, steps 1 to 3).
 */
export function signText(parameters: ReadonlyMap<string, string>): string {
  return [...parameters.entries()]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, value]) => `${name}=${value}`)
    .join('&')
}
