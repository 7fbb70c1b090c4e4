import { createHash } from 'node:crypto'
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type Parameters, readParameters } from '../../../core/http/jeepay/parameters.ts'
import { equalInConstantTime } from '../../../core/signing/equal.ts'
import { fingerprintOf } from '../../../core/signing/fingerprint.ts'
import { signJeepay, verifyJeepay } from '../../../core/signing/jeepay.ts'
import { issueToken, isTokenOf } from '../../../core/signing/token.ts'

/** Texts that have broken signatures elsewhere, and any others. */
const hostile = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.string({ unit: 'grapheme' }),
  fc.array(fc.nat({ max: 0xffff }), { maxLength: 6 }).map((units) => String.fromCharCode(...units)),
  fc.constantFrom('&', '=', '+', '%', '%2B', '&key=', 'a=1&b=2', '\0', '\r\n', '\ud800', '\udc00'),
  fc.constantFrom(
    'ß',
    'İ',
    'ı',
    'ſ',
    'K',
    'ﬀ',
    'Σ',
    'ς',
    '🎁',
    '\u0301',
    '\u202e',
    ' ',
    '0',
    'null',
  ),
  fc.json(),
)
/** Names that differ in case alone, or begin like one another, are put in order by their values. */
const names = fc.oneof(hostile, fc.constantFrom('a', 'A', 'aa', 'a0', 'amount', 'Amount', 'sign'))
const fields = fc.uniqueArray(fc.tuple(names, hostile), {
  selector: ([name]) => name,
  maxLength: 8,
})
const secrets = fc.string({ minLength: 1 })

/** What UTF-8 has no bytes for stands for itself, and is not signed as what it is. */
const inUtf8 = (text: string) => text.toWellFormed()
const inNumber = (all: readonly (readonly [string, string])[]) =>
  all.filter(([name, value]) => name !== 'sign' && value !== '').length

describe("JeePay's signature over hostile texts", () => {
  it('is 32 upper-case hex digits, and verifies in either case', () => {
    fc.assert(
      fc.property(fields, secrets, (all, secret) => {
        const sign = signJeepay(all, secret)
        expect(sign).toMatch(/^[0-9A-F]{32}$/)
        expect(verifyJeepay(all, secret, sign)).toBe(true)
        expect(verifyJeepay(all, secret, sign.toLowerCase())).toBe(true)
      }),
    )
  })

  it('does not depend on the order of the fields', () => {
    const shuffled = fields.chain((all) =>
      fc.tuple(fc.constant(all), fc.shuffledSubarray(all, { minLength: all.length })),
    )
    fc.assert(
      fc.property(shuffled, secrets, ([all, other], secret) => {
        // Fields whose whole texts differ in case alone stand in the order that they came in: Java's
        // sort is stable, and so is its order of a request's names.
        const texts = all.map(([name, value]) =>
          `${name}=${value}`.replaceAll('İ', 'i').toUpperCase().toLowerCase(),
        )
        fc.pre(new Set(texts).size === texts.length)
        expect(signJeepay(other, secret)).toBe(signJeepay(all, secret))
      }),
    )
  })

  it('leaves out its own field and empty ones', () => {
    fc.assert(
      fc.property(fields, hostile, secrets, (all, sign, secret) => {
        const others = all.filter(([name]) => name !== 'sign' && name !== 'nothing')
        const more = [...others, ['sign', sign], ['nothing', '']] as const
        expect(signJeepay(more, secret)).toBe(signJeepay(others, secret))
      }),
    )
  })

  it('is another for any text that is another', () => {
    fc.assert(
      fc.property(fields, fc.nat(), hostile, secrets, (all, at, value, secret) => {
        fc.pre(inNumber(all) > 0)
        const which = at % all.length
        const [name = '', before = ''] = all[which] ?? []
        fc.pre(name !== 'sign' && inUtf8(before) !== inUtf8(value))
        // `a=1&b=2` in one field and in two is one text: that is JeePay's, and names have no `=`.
        fc.pre(!/[&=]/.test(all.map((each) => each.join('')).join('') + value))
        const changed = all.with(which, [name, value])
        expect(verifyJeepay(changed, secret, signJeepay(all, secret))).toBe(false)
      }),
    )
  })

  it('is another for each digit of it that is changed', () => {
    fc.assert(
      fc.property(fields, secrets, fc.nat({ max: 31 }), fc.nat({ max: 14 }), (all, key, at, by) => {
        const sign = signJeepay(all, key)
        const digit = ((Number.parseInt(sign[at] ?? '', 16) + 1 + by) % 16).toString(16)
        expect(verifyJeepay(all, key, sign.slice(0, at) + digit + sign.slice(at + 1))).toBe(false)
        expect(verifyJeepay(all, key, sign.slice(0, at))).toBe(false)
        expect(verifyJeepay(all, key, `${sign}0`)).toBe(false)
      }),
    )
  })

  it('is what the text, sorted and with the secret behind it, hashes to', () => {
    const plain = fc.uniqueArray(fc.stringMatching(/^[a-z]{1,6}$/), { maxLength: 6 })
    fc.assert(
      fc.property(plain, hostile, secrets, (names, value, secret) => {
        fc.pre(value !== '' && !names.includes('sign'))
        const text = [...names].sort().map((name) => `${name}=${value}&`)
        const hash = createHash('md5').update(inUtf8(`${text.join('')}key=${secret}`))
        const all = names.map((name) => [name, value] as const)
        expect(signJeepay(all, secret)).toBe(hash.digest('hex').toUpperCase())
      }),
    )
  })
})

describe('what was signed and what arrives', () => {
  const name = fc.stringMatching(/^[A-Za-z][A-Za-z0-9_]{0,7}$/).filter((text) => text !== 'sign')
  const value = hostile.filter((text) => text.isWellFormed() && !text.includes('\0'))
  const sent = fc.uniqueArray(fc.tuple(name, value), { selector: ([n]) => n, maxLength: 6 })
  const url = 'https://pay.example/api/pay/unifiedOrder'

  async function arrives(request: Request): Promise<Parameters> {
    const read = await readParameters(request)
    if (!read.ok) throw new Error(read.refusal.msg)
    return read.value
  }

  it.each([
    [
      'a JSON body',
      'application/json',
      (all: [string, string][]) => JSON.stringify(Object.fromEntries(all)),
    ],
    [
      'a form',
      'application/x-www-form-urlencoded',
      (all: [string, string][]) => new URLSearchParams(all).toString(),
    ],
  ] as const)('are the same through %s', async (_, contentType, body) => {
    await fc.assert(
      fc.asyncProperty(sent, secrets, async (all, secret) => {
        const request = new Request(url, {
          method: 'POST',
          headers: { 'content-type': contentType },
          body: body(all),
        })
        const read = await arrives(request)
        expect(new Map(read)).toEqual(new Map(all))
        expect(verifyJeepay(read, secret, signJeepay(all, secret))).toBe(true)
      }),
    )
  })

  it('are the same through a query string', async () => {
    await fc.assert(
      fc.asyncProperty(sent, secrets, async (all, secret) => {
        const read = await arrives(new Request(`${url}?${new URLSearchParams(all)}`))
        expect(verifyJeepay(read, secret, signJeepay(all, secret))).toBe(true)
      }),
    )
  })
})

describe('the fingerprint of a request', () => {
  const request = fc.dictionary(
    fc.string({ minLength: 1 }),
    fc.oneof(hostile.map(inUtf8), fc.integer(), fc.constant(undefined)),
  )

  it('does not depend on the order of the members, nor on those that are absent or empty', async () => {
    await fc.assert(
      fc.asyncProperty(request, async (one) => {
        const other = Object.fromEntries(
          Object.entries({ ...one, '\0absent': undefined, '\0empty': '' }).reverse(),
        )
        expect(await fingerprintOf(other)).toBe(await fingerprintOf(one))
      }),
      { numRuns: 50 },
    )
  })

  it('is another for another value', async () => {
    await fc.assert(
      fc.asyncProperty(request, hostile.map(inUtf8), hostile.map(inUtf8), async (all, a, b) => {
        fc.pre(a !== b)
        const [one, other] = [fingerprintOf({ ...all, x: a }), fingerprintOf({ ...all, x: b })]
        expect(await one).not.toBe(await other)
        expect(await one).toMatch(/^[0-9a-f]{64}$/)
      }),
      { numRuns: 50 },
    )
  })

  it('is the SHA-256 of the members as JSON, by their names: rows have kept it', async () => {
    const fingerprint = await fingerprintOf({ body: '描述', b: '1', none: '', amount: 100 })
    expect(fingerprint).toBe('e0f91e4a171e03360d2586e851f842c3e89414246bfe0fbea1ad4e250844f6b3')
  })

  it('tells a number from another, and keeps members from running into one another', async () => {
    const all = [{ a: 1 }, { a: 11 }, { a: '1,b:2' }, { a: '1', b: '2' }, { ab: 1 }, {}]
    expect(new Set(await Promise.all(all.map(fingerprintOf))).size).toBe(all.length)
  })
})

describe('a token', () => {
  const old = { id: 'k1', bytes: new Uint8Array(32).fill(1) }
  const young = { id: 'k2', bytes: new Uint8Array(32).fill(2) }

  it('is good for the text that it was issued for, also after the key has been changed', async () => {
    await fc.assert(
      fc.asyncProperty(hostile, async (text) => {
        const token = await issueToken([old], 'qr_image', text)
        expect(token).toMatch(/^[\w-]{22}$/)
        expect(await isTokenOf([old], 'qr_image', text, token)).toBe(true)
        expect(await isTokenOf([young, old], 'qr_image', text, token)).toBe(true)
        expect(await isTokenOf([young], 'qr_image', text, token)).toBe(false)
        expect(await isTokenOf([old], 'identity', text, token)).toBe(false)
      }),
      { numRuns: 25 },
    )
  })

  it('is good for no other text, and no other token is good for this one', async () => {
    await fc.assert(
      fc.asyncProperty(
        hostile.map(inUtf8),
        hostile.map(inUtf8),
        hostile,
        async (text, other, forged) => {
          fc.pre(text !== other)
          const token = await issueToken([young, old], 'identity', text)
          expect(await isTokenOf([young, old], 'identity', other, token)).toBe(false)
          expect(await isTokenOf([young, old], 'identity', text, forged)).toBe(false)
          expect(await isTokenOf([young, old], 'identity', text, token.slice(1))).toBe(false)
        },
      ),
      { numRuns: 25 },
    )
  })

  it('is the same on each runtime and in each version', async () => {
    expect(await issueToken([old], 'qr_image', 'P1')).toBe('D6uos_DVr_YDdRQl_WMxKg')
  })
})

describe('the comparison', () => {
  it('finds what is equal equal, and nothing else', () => {
    fc.assert(
      fc.property(hostile, hostile, (a, b) => {
        expect(equalInConstantTime(a, a)).toBe(true)
        expect(equalInConstantTime(a, b)).toBe(a === b)
        expect(equalInConstantTime(`${a}x`, `${a}y`)).toBe(false)
        expect(equalInConstantTime(`x${a}`, `y${a}`)).toBe(false)
        expect(equalInConstantTime(a, `${a}\0`)).toBe(false)
      }),
    )
  })
})
