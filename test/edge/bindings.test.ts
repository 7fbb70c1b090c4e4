import { describe, expect, it } from 'vitest'
import { readBindings } from '../../edge/bindings.ts'

const KEY = btoa('k'.repeat(32))

const LIVE = {
  TONGBAO_DATABASE_URL: 'libsql://gateway.example.com',
  TONGBAO_MASTER_KEY: `k1:${KEY}`,
  TONGBAO_PUBLIC_URL: 'https://pay.example.com',
}

const withFiles = { files: true }

function settings(environment: unknown, runtime = withFiles) {
  const read = readBindings(environment, runtime)
  if (!read.ok) throw new Error(read.refusal.line)
  return read.value
}

function line(environment: unknown, runtime = withFiles): string {
  const read = readBindings(environment, runtime)
  return read.ok ? 'nothing is wrong' : read.refusal.line
}

describe('the settings of a live deployment', () => {
  it('are few, and the rest has defaults', () => {
    expect(settings(LIVE)).toEqual({
      mode: 'live',
      host: '127.0.0.1',
      port: 8787,
      database: { url: 'libsql://gateway.example.com' },
      keyRing: [{ id: 'k1', bytes: new TextEncoder().encode('k'.repeat(32)) }],
      publicUrl: 'https://pay.example.com',
      allowPrivateTargets: false,
      logLevel: 'info',
      rates: {},
      timer: { kind: 'none' },
    })
  })

  it('can all be given', () => {
    expect(
      settings({
        ...LIVE,
        HOST: '0.0.0.0',
        PORT: '80',
        TONGBAO_MODE: 'live',
        TONGBAO_DATABASE_URL: 'file:/var/lib/tongbao/gateway.db',
        TONGBAO_DATABASE_TOKEN: 'token',
        TONGBAO_MASTER_KEY: `new:${KEY}, old:${btoa('o'.repeat(32))}`,
        TONGBAO_PUBLIC_URL: 'https://example.com/pay/',
        TONGBAO_ALLOW_PRIVATE_TARGETS: 'true',
        TONGBAO_LOG_LEVEL: 'warn',
      }),
    ).toMatchObject({
      host: '0.0.0.0',
      port: 80,
      database: { url: 'file:/var/lib/tongbao/gateway.db', token: 'token' },
      keyRing: [{ id: 'new' }, { id: 'old' }],
      publicUrl: 'https://example.com/pay',
      allowPrivateTargets: true,
      logLevel: 'warn',
    })
  })

  it.each(['http://localhost:8787', 'http://127.0.0.1', 'http://[::1]:80'])(
    'may be reached without TLS at %s, which is this machine',
    (url) => {
      expect(settings({ ...LIVE, TONGBAO_PUBLIC_URL: url }).publicUrl).toBe(url)
    },
  )

  it('leave alone what else stands in the environment', () => {
    expect(line({ ...LIVE, PATH: '/bin', KV: { get() {} } })).toBe('nothing is wrong')
  })
})

describe('the choice of a timer', () => {
  const QSTASH = {
    ...LIVE,
    TONGBAO_TIMER: 'qstash',
    QSTASH_TOKEN: 'token',
    QSTASH_CURRENT_SIGNING_KEY: 'sig_1',
    QSTASH_NEXT_SIGNING_KEY: 'sig_2',
  }

  it('is QStash with its token and both its keys', () => {
    expect(settings(QSTASH).timer).toEqual({
      kind: 'qstash',
      url: 'https://qstash.upstash.io',
      token: 'token',
      currentSigningKey: 'sig_1',
      nextSigningKey: 'sig_2',
    })
    const elsewhere = { ...QSTASH, QSTASH_URL: 'https://qstash-eu-central-1.upstash.io/' }
    expect(settings(elsewhere).timer).toMatchObject({
      url: 'https://qstash-eu-central-1.upstash.io',
    })
  })

  it('is none where none is made, whatever stands there for QStash', () => {
    expect(settings({ ...QSTASH, TONGBAO_TIMER: '' }).timer).toEqual({ kind: 'none' })
    expect(settings({ ...QSTASH, TONGBAO_TIMER: 'none' }).timer).toEqual({ kind: 'none' })
  })

  const MISSING = 'is missing: TONGBAO_TIMER is qstash, and the Upstash console shows it'
  const WORD = 'must be one word, as the Upstash console shows it'

  it.each<[Record<string, unknown>, string]>([
    [{ TONGBAO_TIMER: 'redis' }, 'TONGBAO_TIMER must be none or qstash'],
    [{ QSTASH_TOKEN: '' }, `QSTASH_TOKEN ${MISSING}`],
    [{ QSTASH_CURRENT_SIGNING_KEY: undefined }, `QSTASH_CURRENT_SIGNING_KEY ${MISSING}`],
    [{ QSTASH_NEXT_SIGNING_KEY: undefined }, `QSTASH_NEXT_SIGNING_KEY ${MISSING}`],
    [{ QSTASH_TOKEN: 'two words' }, `QSTASH_TOKEN ${WORD}`],
    [{ QSTASH_NEXT_SIGNING_KEY: 'sig_2\n' }, `QSTASH_NEXT_SIGNING_KEY ${WORD}`],
    [{ QSTASH_CURRENT_SIGNING_KEY: 1 }, `QSTASH_CURRENT_SIGNING_KEY ${WORD}`],
    [
      { QSTASH_URL: 'qstash.upstash.io' },
      'QSTASH_URL must be the address of the QStash API, such as https://qstash.upstash.io',
    ],
    [
      { QSTASH_URL: 'http://qstash.upstash.io' },
      'QSTASH_URL must begin with https:, for the token goes there',
    ],
    [
      { TONGBAO_MODE: 'sandbox' },
      'TONGBAO_TIMER must be none in a sandbox, whose clock can be put forward',
    ],
  ])('%o: %s', (change, told) => {
    expect(line({ ...QSTASH, ...change })).toBe(told)
  })
})

describe('the settings of a sandbox', () => {
  const { TONGBAO_DATABASE_URL, TONGBAO_MASTER_KEY } = LIVE
  const SANDBOX = { TONGBAO_MODE: 'sandbox', TONGBAO_DATABASE_URL, TONGBAO_MASTER_KEY }

  it('need no public address, and may tell merchants on this machine', () => {
    expect(settings({ ...SANDBOX, PORT: '9000' })).toMatchObject({
      mode: 'sandbox',
      publicUrl: 'http://127.0.0.1:9000',
      allowPrivateTargets: true,
    })
  })

  it.each([
    ['0.0.0.0', 'http://127.0.0.1:8787'],
    ['::', 'http://127.0.0.1:8787'],
    ['::1', 'http://[::1]:8787'],
    ['192.168.1.5', 'http://192.168.1.5:8787'],
  ])('on host %s are reached at %s', (HOST, publicUrl) => {
    expect(settings({ ...SANDBOX, HOST }).publicUrl).toBe(publicUrl)
  })

  it('can forbid private targets too', () => {
    const environment = { ...SANDBOX, TONGBAO_ALLOW_PRIVATE_TARGETS: 'false' }
    expect(settings(environment).allowPrivateTargets).toBe(false)
  })

  it('need a database and a key like the live ones: whoever starts it makes them', () => {
    expect(line({ TONGBAO_MODE: 'sandbox' }, { files: false })).toBe(
      'TONGBAO_DATABASE_URL is missing: it must be the address of a libSQL server, libsql://… or https://…',
    )
    expect(line({ ...SANDBOX, TONGBAO_MASTER_KEY: '' })).toContain('TONGBAO_MASTER_KEY is missing')
  })
})

describe('what is wrong with a setting is told in one line', () => {
  it.each<[Record<string, unknown>, string]>([
    [
      { TONGBAO_DATABASE_URL: undefined },
      'TONGBAO_DATABASE_URL is missing: it must be the address of a libSQL server, libsql://… or https://…, or a file such as file:/var/lib/tongbao/gateway.db',
    ],
    [
      { TONGBAO_DATABASE_URL: '' },
      'TONGBAO_DATABASE_URL is missing: it must be the address of a libSQL server, libsql://… or https://…, or a file such as file:/var/lib/tongbao/gateway.db',
    ],
    [
      { TONGBAO_DATABASE_URL: 'postgres://secret@host/db' },
      'TONGBAO_DATABASE_URL must be the address of a libSQL server, libsql://… or https://…, or a file such as file:/var/lib/tongbao/gateway.db',
    ],
    [
      { TONGBAO_DATABASE_URL: 'libsql://host?authToken=secret' },
      'TONGBAO_DATABASE_URL holds a token: take it out and put it into TONGBAO_DATABASE_TOKEN',
    ],
    [
      { TONGBAO_MASTER_KEY: undefined },
      'TONGBAO_MASTER_KEY is missing: make one with echo "k1:$(openssl rand -base64 32)" and keep it apart from the database',
    ],
    [
      { TONGBAO_MASTER_KEY: 'secret' },
      'TONGBAO_MASTER_KEY cannot be read: key 1 is not written as id:base64, with 32 bytes in the base64',
    ],
    [
      { TONGBAO_PUBLIC_URL: undefined },
      'TONGBAO_PUBLIC_URL is missing: set it to the https: address that channels and payers reach',
    ],
    [
      { TONGBAO_PUBLIC_URL: 'http://pay.example.com' },
      'TONGBAO_PUBLIC_URL must begin with https: in live mode, for payers and channels go there',
    ],
    [
      { TONGBAO_PUBLIC_URL: 'http://localhost.example.com' },
      'TONGBAO_PUBLIC_URL must begin with https: in live mode, for payers and channels go there',
    ],
    ...[
      'pay.example.com',
      'ftp://a.example',
      'https://a.example?secret',
      'https://u:p@a.example',
    ].map((url): [Record<string, unknown>, string] => [
      { TONGBAO_PUBLIC_URL: url },
      'TONGBAO_PUBLIC_URL must be an address such as https://pay.example.com, without query or fragment',
    ]),
    [{ TONGBAO_MODE: 'test' }, 'TONGBAO_MODE must be live or sandbox'],
    [{ TONGBAO_ALLOW_PRIVATE_TARGETS: '1' }, 'TONGBAO_ALLOW_PRIVATE_TARGETS must be true or false'],
    [{ TONGBAO_LOG_LEVEL: 'verbose' }, 'TONGBAO_LOG_LEVEL must be one of debug, info, warn, error'],
    [{ PORT: '65536' }, 'PORT must be a port number, 1 to 65535'],
    [{ PORT: '0' }, 'PORT must be a port number, 1 to 65535'],
    [{ PORT: 'http' }, 'PORT must be a port number, 1 to 65535'],
    [{ TONGBAO_DATABASE_TOKEN: { secret: 1 } }, 'TONGBAO_DATABASE_TOKEN must be text'],
    [
      { TONGBAO_DATABSE_URL: 'secret' },
      'TONGBAO_DATABSE_URL is not a setting; these are: TONGBAO_MODE, TONGBAO_DATABASE_URL, TONGBAO_DATABASE_TOKEN, TONGBAO_MASTER_KEY, TONGBAO_PUBLIC_URL, TONGBAO_ALLOW_PRIVATE_TARGETS, TONGBAO_METRICS_TOKEN, TONGBAO_RATE_PER_APP, TONGBAO_RATE_PER_IP, TONGBAO_CLIENT_IP_HEADER, TONGBAO_TIMER, TONGBAO_LOG_LEVEL',
    ],
  ])('%o', (change, said) => {
    expect(line({ ...LIVE, ...change })).toBe(said)
  })

  it('such as a file where there are none', () => {
    expect(line({ ...LIVE, TONGBAO_DATABASE_URL: 'file:a.db' }, { files: false })).toBe(
      'TONGBAO_DATABASE_URL names a file, and there are none here: it must be the address of a libSQL server, libsql://… or https://…',
    )
  })

  it.each([undefined, null, 'text'])('when there is no environment at all: %o', (environment) => {
    expect(line(environment)).toContain('TONGBAO_DATABASE_URL is missing')
  })
})
