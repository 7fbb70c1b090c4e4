import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { rawMembers } from '../../../plugins/alipay/envelope.ts'

describe('the raw members of an answer', () => {
  it.each([
    ['{}', {}],
    [' { } ', {}],
    ['{"a":1}', { a: '1' }],
    ['{"a":{"b":"}"},"sign":"x"}', { a: '{"b":"}"}', sign: '"x"' }],
    [
      '{ "r" : {"m":"he said \\"sign\\":{[ \\\\"} ,\n"sign":"x" }',
      { r: '{"m":"he said \\"sign\\":{[ \\\\"}', sign: '"x"' },
    ],
    ['{"sign":"x","r":{"u":"https:\\/\\/a"}}', { sign: '"x"', r: '{"u":"https:\\/\\/a"}' }],
    ['{"r":"c2VhbGVk","sign":"x"}', { r: '"c2VhbGVk"', sign: '"x"' }],
    ['{"r":[1,{"a":[]}],"b":true,"c":null}', { r: '[1,{"a":[]}]', b: 'true', c: 'null' }],
  ])('of %s stand as they were written', (text, members) => {
    expect(Object.fromEntries(rawMembers(text) ?? [])).toEqual(members)
  })

  it.each([
    '',
    'null',
    '[]',
    '"a"',
    '{',
    '{"a"}',
    '{"a":}',
    '{"a":1',
    '{"a":{"b":1}',
    '{"a":"x}',
    '{"a":1}x',
    '{"a":1 "b":2}',
    '{"a":1,}',
    '{,"a":1}',
    '{a:1}',
    // Of two nodes of one name, one would be verified and the other believed.
    '{"r":{"code":"10000"},"r":{"code":"40004"},"sign":"x"}',
    '<html>',
  ])('of %s are none', (text) => {
    expect(rawMembers(text)).toBeUndefined()
  })

  it('are each the JSON of what stands there, whatever that is', () => {
    const name = fc.stringMatching(/^[a-z_]{1,12}$/)
    fc.assert(
      fc.property(fc.dictionary(name, fc.jsonValue()), fc.nat(4), (object, indent) => {
        const text = JSON.stringify(object, null, indent)
        const members = rawMembers(text)
        const parsed = [...(members ?? [])].map(([key, raw]) => [key, JSON.parse(raw)])
        expect(Object.fromEntries(parsed)).toEqual(JSON.parse(JSON.stringify(object)))
        for (const raw of members?.values() ?? []) expect(text).toContain(raw)
      }),
      { numRuns: 300 },
    )
  })

  it('never run on for ever or throw', () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom(...'{}[]":,\\ an1'.split('')) }), (text) => {
        rawMembers(text)
      }),
      { numRuns: 2_000 },
    )
  })
})
