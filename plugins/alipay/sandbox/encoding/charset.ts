import { fromGbk, toGbk } from './gbk.ts'

/** What a request says it is written in; its answer and its callbacks are written in the same. */
export type Charset = 'utf-8' | 'gbk'

/** @returns undefined when Alipay does not take it */
export function charsetOf(name: string): Charset | undefined {
  const lower = name.toLowerCase()
  if (lower === 'utf-8' || lower === 'utf8') return 'utf-8'
  return lower === 'gbk' || lower === 'gb2312' || lower === 'gb18030' ? 'gbk' : undefined
}

export function encoded(charset: Charset, text: string): Uint8Array<ArrayBuffer> {
  return charset === 'gbk' ? toGbk(text) : new TextEncoder().encode(text)
}

export function decoded(charset: Charset, bytes: Uint8Array): string {
  return charset === 'gbk' ? fromGbk(bytes) : new TextDecoder().decode(bytes)
}
