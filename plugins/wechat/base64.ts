/** @returns nothing when the text is not base64 */
export function decodeBase64(text: string): Uint8Array<ArrayBuffer> | undefined {
  try {
    return Uint8Array.from(atob(text), (char) => char.charCodeAt(0))
  } catch {
    return undefined
  }
}

export function encodeBase64(bytes: Uint8Array<ArrayBuffer>): string {
  return btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(''))
}
