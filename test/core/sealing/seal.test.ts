import { CompactEncrypt, decodeProtectedHeader } from 'jose'
import { describe, expect, it } from 'vitest'
import type { KeyRing, MasterKey } from '../../../core/ports.ts'
import { openSealed, seal, sealingKeyOf, unseal } from '../../../core/sealing/seal.ts'

const key = (id: string, fill: number): MasterKey => ({ id, bytes: new Uint8Array(32).fill(fill) })
const OLD = key('old', 1)
const NEW = key('new', 2)
const CONTEXT = 'app/a1/secret'

describe('a sealed text', () => {
  it.each(['', 'secret', '密钥🔑', 'x'.repeat(100_000)])(
    'opens where it was sealed',
    async (text) => {
      const sealed = await seal([NEW], CONTEXT, text)
      expect(await unseal([NEW], CONTEXT, sealed)).toEqual({ ok: true, value: text })
      if (text !== '') expect(sealed).not.toContain(text)
    },
  )

  it('says which key sealed it, and how', async () => {
    expect(decodeProtectedHeader(await seal([NEW, OLD], CONTEXT, 'secret'))).toEqual({
      alg: 'dir',
      enc: 'A256GCM',
      kid: 'new',
      ctx: CONTEXT,
    })
  })

  it('is another one each time', async () => {
    expect(await seal([NEW], CONTEXT, 'a')).not.toBe(await seal([NEW], CONTEXT, 'a'))
  })

  it('opens with a key that no longer seals, and names one that is missing', async () => {
    const sealed = await seal([OLD], CONTEXT, 'secret')
    const both: KeyRing = [NEW, OLD]
    expect(await unseal(both, CONTEXT, sealed)).toEqual({ ok: true, value: 'secret' })
    expect(await unseal([NEW], CONTEXT, sealed)).toEqual({
      ok: false,
      refusal: { code: 'unknown_master_key', keyId: 'old' },
    })
  })

  it.each([
    ['another app', 'app/a2/secret'],
    ['a config', 'account/a1/config/1'],
  ] as const)('does not open where it was moved to: %s', async (_, context) => {
    const sealed = await seal([NEW], CONTEXT, 'secret')
    expect(await unseal([NEW], context, sealed)).toEqual({
      ok: false,
      refusal: { code: 'not_ours' },
    })
  })

  it('does not open under another version of its account', async () => {
    const sealed = await seal([NEW], 'account/a1/config/1', '{}')
    expect(await unseal([NEW], 'account/a1/config/2', sealed)).toMatchObject({ ok: false })
  })

  it.each([
    [
      'changed',
      (sealed: string) =>
        sealed.replace(/\.(.)([^.]*)$/, (_, a, rest) => `.${a === 'A' ? 'B' : 'A'}${rest}`),
    ],
    ['cut', (sealed: string) => sealed.slice(0, -10)],
    ['of another key under the same id', (sealed: string) => sealed],
    ['no JWE', () => 'secret'],
    ['empty', () => ''],
  ])('does not open when it is %s', async (name, change) => {
    const sealed = change(await seal([NEW], CONTEXT, 'secret'))
    const ring: KeyRing = [name.startsWith('of another key') ? key('new', 3) : NEW]
    expect(await unseal(ring, CONTEXT, sealed)).toEqual({
      ok: false,
      refusal: { code: 'not_ours' },
    })
  })

  it('does not open by an algorithm that it chose itself', async () => {
    const sealed = await seal([NEW], CONTEXT, 'secret')
    const [, ...parts] = sealed.split('.')
    const header = btoa(JSON.stringify({ alg: 'none', enc: 'A256GCM', kid: 'new', ctx: CONTEXT }))
    expect(await unseal([NEW], CONTEXT, [header, ...parts].join('.'))).toMatchObject({ ok: false })
  })

  it('does not open by another cipher, though the key is the right one', async () => {
    const sealed = await new CompactEncrypt(new TextEncoder().encode('secret'))
      .setProtectedHeader({ alg: 'dir', enc: 'A128CBC-HS256', kid: 'new', ctx: CONTEXT })
      .encrypt(NEW.bytes)
    expect(await unseal([NEW], CONTEXT, sealed)).toEqual({
      ok: false,
      refusal: { code: 'not_ours' },
    })
  })

  it('is of the key that is named in it; what is no sealed text is of none', async () => {
    expect(sealingKeyOf(await seal([NEW, OLD], CONTEXT, 'secret'))).toBe('new')
    expect(sealingKeyOf('secret')).toBeUndefined()
    expect(sealingKeyOf('')).toBeUndefined()
  })
})

describe('what has to open', () => {
  it('opens, or stops with what an operator can do about it', async () => {
    const sealed = await seal([OLD], CONTEXT, 'secret')
    expect(await openSealed([NEW, OLD], CONTEXT, sealed)).toBe('secret')
    await expect(openSealed([NEW], CONTEXT, sealed)).rejects.toThrow(
      'broken invariant: app/a1/secret opens: it was sealed with master key old, which is not in the ring',
    )
    await expect(openSealed([key('old', 3)], CONTEXT, sealed)).rejects.toThrow(
      'broken invariant: app/a1/secret opens: it was not sealed for this row, or the master key is another one',
    )
  })

  it('does not hide a mistake of ours: a key that is none is thrown', async () => {
    const sealed = await seal([OLD], CONTEXT, 'secret')
    const wrong = { id: 'old', bytes: 'no bytes' as never }
    await expect(unseal([wrong], CONTEXT, sealed)).rejects.toThrow(TypeError)
  })
})
