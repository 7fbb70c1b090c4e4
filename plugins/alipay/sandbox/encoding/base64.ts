export function toBase64(bytes: Uint8Array): string {
  let binary = ''
  for (const byte of bytes) binary += String.fromCharCode(byte)
  return btoa(binary)
}

/** @returns undefined when the text is not padded standard base64 */
export function fromBase64(text: string): Uint8Array<ArrayBuffer> | undefined {
  // `atob` forgives white space and missing padding; a signature with either was damaged on its way.
  if (text.length % 4 !== 0 || !/^[A-Za-z0-9+/]*={0,2}$/.test(text)) return undefined
  return Uint8Array.from(atob(text), (character) => character.charCodeAt(0))
}

/** The DER of a key or certificate that is given as PEM or as the base64 inside one. */
export function derOf(text: string): Uint8Array<ArrayBuffer> {
  const der = fromBase64(text.replace(/-----[A-Z ]+-----|\s/g, ''))
  if (der === undefined) throw new Error('neither PEM nor base64')
  return der
}
