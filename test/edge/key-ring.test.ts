import { describe, expect, it } from 'vitest'
import { parseKeyRing } from '../../edge/key-ring.ts'

const base64 = (length: number) => btoa('s'.repeat(length))

describe('the master keys', () => {
  it('are read in their order: the first one seals', () => {
    expect(parseKeyRing(`2026-11:${base64(32)},2025-11:${base64(32)}`)).toEqual({
      ok: true,
      value: [
        { id: '2026-11', bytes: new TextEncoder().encode('s'.repeat(32)) },
        { id: '2025-11', bytes: new TextEncoder().encode('s'.repeat(32)) },
      ],
    })
  })

  it.each([
    ['', 'key 1 is not written as id:base64, with 32 bytes in the base64'],
    [base64(32), 'key 1 is not written as id:base64, with 32 bytes in the base64'],
    [`k1:${base64(31)}`, 'key 1 is not written as id:base64, with 32 bytes in the base64'],
    [`k1:${base64(33)}`, 'key 1 is not written as id:base64, with 32 bytes in the base64'],
    [`k1:${'s'.repeat(43)}!`, 'key 1 is not written as id:base64, with 32 bytes in the base64'],
    [`a key:${base64(32)}`, 'key 1 is not written as id:base64, with 32 bytes in the base64'],
    [`k1:${base64(32)},`, 'key 2 is not written as id:base64, with 32 bytes in the base64'],
    [`k1:${base64(32)},k1:${base64(32)}`, 'key 2 has the id of another key'],
  ])('are refused when they are %j', (text, refusal) => {
    expect(parseKeyRing(text)).toEqual({ ok: false, refusal })
  })
})
