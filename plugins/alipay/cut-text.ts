/**
 * The first characters of a text that people read. Counts code points, so that no character is cut
 * in two; what is half a character already becomes U+FFFD.
 */
export function cutTo(text: string, characters: number): string {
  return [...text.toWellFormed()].slice(0, characters).join('')
}
