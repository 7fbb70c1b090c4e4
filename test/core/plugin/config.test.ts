import { describe, expect, it } from 'vitest'
import { type ConfigField, parseSettings } from '../../../core/plugin/config.ts'

const base = {
  scope: 'merchant',
  label: { zh: '字段', en: 'merchant number' },
  hint: { zh: '', en: '' },
  required: true,
} as const
const PEM = '-----BEGIN PRIVATE KEY-----\nAAAA+/8=\n-----END PRIVATE KEY-----'

const one = (field: Partial<ConfigField>, value: unknown) =>
  parseSettings({ it: { ...base, ...field } as ConfigField }, { it: value })

describe('settings of a channel', () => {
  it.each([
    ['text', { kind: 'text' }, '  shop ', 'shop'],
    ['text of a shape', { kind: 'text', pattern: /^\d+$/ }, '123', '123'],
    ['a secret', { kind: 'secret' }, 'abc', 'abc'],
    ['a choice', { kind: 'choice', choices: ['v2', 'v3'] }, 'v3', 'v3'],
    ['a PEM key', { kind: 'private_key' }, PEM, PEM],
    ['the base64 of a key', { kind: 'public_key' }, 'AAAA+/8=', 'AAAA+/8='],
    ['a chain of certificates', { kind: 'certificate' }, `${PEM}\n${PEM}\n`, `${PEM}\n${PEM}`],
    [
      'a key with its id',
      { kind: 'public_key_with_id' },
      { id: 'PUB_1', key: 'AAAA' },
      { id: 'PUB_1', key: 'AAAA' },
    ],
    ['a URL', { kind: 'url' }, 'https://proxy.example/', 'https://proxy.example/'],
  ] as const)('take %s', (_, field, value, parsed) => {
    expect(one(field, value)).toEqual({ ok: true, value: { it: parsed } })
  })

  it.each([
    ['nothing', { kind: 'text' }, undefined],
    ['an empty text', { kind: 'text' }, ''],
    ['blanks', { kind: 'secret' }, '   '],
    ['a number', { kind: 'text' }, 1],
    ['another choice', { kind: 'choice', choices: ['v2', 'v3'] }, 'v4'],
    ['a key that is none', { kind: 'private_key' }, 'my key!'],
    ['half a PEM', { kind: 'certificate' }, '-----BEGIN CERTIFICATE-----\nAAAA'],
    ['a key without its id', { kind: 'public_key_with_id' }, { key: 'AAAA' }],
    ['a file', { kind: 'url' }, 'file:///etc/passwd'],
  ] as const)('refuse %s, and name the field', (_, field, value) => {
    const parsed = one(field, value)
    expect(parsed).toMatchObject({ ok: false })
    if (!parsed.ok) {
      expect(parsed.refusal).toHaveLength(1)
      expect(parsed.refusal[0]).toMatch(/^it/)
    }
  })

  it.each([
    [
      'a shape',
      { kind: 'text', pattern: /^\d+$/ },
      'abc',
      'it: does not look like merchant number',
    ],
    [
      'a private key',
      { kind: 'private_key' },
      'my key!',
      'it: is not a private key: give the PEM text, or the base64 between its lines',
    ],
    [
      'a key in a pair',
      { kind: 'public_key_with_id' },
      { id: 'P', key: '!' },
      'it.key: is not a public key: give the PEM text, or the base64 between its lines',
    ],
  ] as const)('say what to do: %s', (_, field, value, message) => {
    expect(one(field, value)).toEqual({ ok: false, refusal: [message] })
  })

  it('never quote a secret in a problem', () => {
    const parsed = one({ kind: 'private_key' }, 'secret-canary !')
    expect(JSON.stringify(parsed)).not.toContain('canary')
  })

  it('may lack what is not required, and have nothing that is not known', () => {
    const fields = {
      a: { ...base, kind: 'text' },
      b: { ...base, kind: 'text', required: false },
    } as const
    expect(parseSettings(fields, { a: '1' })).toEqual({ ok: true, value: { a: '1' } })
    expect(parseSettings(fields, { a: '1', b: undefined })).toEqual({ ok: true, value: { a: '1' } })
    expect(parseSettings(fields, { a: '1', c: '2' })).toMatchObject({ ok: false })
    expect(parseSettings(fields, 'a')).toMatchObject({ ok: false })
    expect(parseSettings(fields, null)).toMatchObject({ ok: false })
  })
})
