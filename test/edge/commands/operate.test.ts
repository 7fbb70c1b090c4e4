import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { runOperate } from '../../../edge/commands/operate/run.ts'
import { migrateDatabase } from '../../../edge/migrate.ts'
import { openDatabaseFile } from '../../../edge/ports/libsql-file.ts'
import { simulators } from '../../../edge/simulators.ts'
import { memoryBooks } from '../../kit/books.ts'
import { SURROUNDINGS } from '../../kit/gateway-process.ts'
import { seededRandom } from '../../kit/random.ts'

const OPERATE = fileURLToPath(new URL('../../../edge/commands/operate.ts', import.meta.url))
const key = (id: string, fill: string) => `${id}:${btoa(fill.repeat(32))}`

interface Done {
  readonly status: number | null
  readonly out: string
  readonly err: string
}

const directory = mkdtempSync(join(tmpdir(), 'tongbao-operate-'))
const url = `file:${join(directory, 'gateway.db')}`
let masterKey = key('k1', 'a')

/** The command as it runs, on a real database; in this process, for a process takes its time. */
async function operate(args: readonly string[], input = '', environment = {}): Promise<Done> {
  const out: string[] = []
  const err: string[] = []
  const settings = { TONGBAO_DATABASE_URL: url, TONGBAO_MASTER_KEY: masterKey, ...environment }
  const status = await runOperate(args, settings, {
    read: async (path) => (path === '-' ? input : readFileSync(join(directory, path), 'utf8')),
    print: (line) => void out.push(line),
    remark: (line) => void err.push(line),
  })
  return { status, out: out.join('\n'), err: err.join('\n') }
}

/** The same in a process of its own, in the test's folder. */
async function operateApart(args: readonly string[], input: string, environment = {}) {
  const child = spawn(process.execPath, [OPERATE, ...args], {
    cwd: directory,
    env: { ...SURROUNDINGS, ...environment },
    stdio: ['pipe', 'pipe', 'pipe'],
  })
  child.stdin.end(input)
  const [out, err] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, 'exit'),
  ])
  return { status: child.exitCode, out: out.trim(), err: err.trim() }
}

/** The same, which has to go well. @returns what it printed */
async function does(args: string, input = ''): Promise<string> {
  const done = await operate(args.split(' '), input)
  expect(done).toMatchObject({ status: 0 })
  return done.out
}

async function counts() {
  const { database, close } = await openDatabaseFile(url)
  const [rows = []] = await database.batch(
    [
      {
        sql: `select (select count(*) from merchants), (select count(*) from apps),
          (select count(*) from channel_accounts), (select count(*) from passages)`,
        args: [],
      },
    ],
    'read',
  )
  await close()
  return rows[0]
}

async function wechatSettings(): Promise<Readonly<Record<string, unknown>>> {
  const simulator = simulators.wxpay?.({
    clock: { now: () => Date.now(), sleep: async () => undefined },
    random: seededRandom(1),
    books: memoryBooks(),
    callback: async () => undefined,
  })
  if (simulator === undefined) throw new Error('WeChat Pay has a simulator')
  return (await simulator.demoSettings()) as Readonly<Record<string, unknown>>
}

beforeAll(async () => {
  const { database, close } = await openDatabaseFile(url)
  await migrateDatabase(database)
  await close()
})
afterAll(() => rmSync(directory, { recursive: true, force: true }))

describe('from an empty database to an app that can be paid', () => {
  it('takes a merchant, an app, an account and a passage', async () => {
    const settings = await wechatSettings()
    writeFileSync(join(directory, 'wechat.json'), JSON.stringify(settings))
    expect(await does('merchant M1 --name Shop')).toBe('M1')
    const app = JSON.parse(
      await does('app --merchant M1 --name Till --late hold --replay-window 300'),
    )
    expect(app).toEqual({
      mchNo: 'M1',
      appId: expect.stringMatching(/^[0-9a-f]{24}$/),
      appSecret: expect.stringMatching(/^\w{128}$/),
    })
    const account = await does('account --merchant M1 --channel wxpay --settings wechat.json')
    expect(account).toMatch(/^A[0-9a-f]{16}$/)
    await does(`passage --app ${app.appId} --way WX_NATIVE --account ${account} --fee 0.6%`)
    expect(await does('receiver-group --merchant M1 --name Partners --automatic')).toBe('100001')
    expect(await does(`settings ${account} --settings -`, JSON.stringify(settings))).toBe(
      'version 2',
    )
    await does(`app-set ${app.appId} --late refund --notifies-every-end yes --replay-window none`)
    expect(await does('work')).toBe('')

    const { database, close } = await openDatabaseFile(url)
    const [rows] = await database.batch(
      [
        {
          sql: `select way, fee_parts_per_million, current_version, late_policy, notifies_every_end,
            replay_window_ms from passages
            join channel_accounts using (account_id) join apps using (app_id)`,
          args: [],
        },
      ],
      'read',
    )
    await close()
    expect(rows).toEqual([['WX_NATIVE', 6_000, 2, 'refund', 1, null]])

    const rotated = JSON.parse(await does(`rotate-secret ${app.appId} --days 7`))
    expect(rotated.appSecret).not.toBe(app.appSecret)
    const again = await operate(['rotate-secret', app.appId, '--days', '7'])
    expect(again).toMatchObject({
      status: 1,
      out: '',
      err: expect.stringContaining('end-old-secret'),
    })
    await does(`end-old-secret ${app.appId}`)

    // The master key is rotated: a new one in front, all sealed anew, the old one taken out.
    masterKey = `${key('k2', 'b')},${key('k1', 'a')}`
    expect(await does('reseal')).toBe('3 sealed anew\nkey k2 seals 3\nkey k1 seals 0')
    masterKey = key('k2', 'b')
    expect(await does('work unreadable')).toBe('')
    masterKey = key('k1', 'a')
    expect(await does('work unreadable')).toContain('master key k2, which is not in the ring')
    masterKey = key('k2', 'b')
  }, 180_000)

  it('has service providers, with merchants below them', async () => {
    await does('service-provider V1 --name Provider')
    const { err, status } = await operate(
      ['account', '--service-provider', 'V1', '--channel', 'wxpay', '--settings', '-'],
      '{}',
    )
    expect([status, err]).toEqual([1, expect.stringContaining('the settings do not fit')])
  }, 60_000)
})

describe('replay', () => {
  /** What became of notifications that were written at these seconds, of the only app. */
  const asks = async (sql: string) => {
    const { database, close } = await openDatabaseFile(url)
    const [rows = []] = await database.batch([{ sql, args: [] }], 'write')
    await close()
    return rows
  }
  const waiting = async () =>
    (
      await asks(`update outbox set state = 'exhausted', tries = 9 where state = 'waiting'
        returning notification_id`)
    ).map(([id]) => id)

  it('has one, all that was given up, or a time of an app told again, and keeps why', async () => {
    const [[appId] = []] = await asks('select app_id from apps')
    await asks(`insert into outbox (notification_id, merchant_no, app_id, subject_kind, subject_id,
        kind, url, snapshot, state, tries, next_try_at_ms, created_at_ms)
      select 'N' || value, 'M1', '${appId}', 'payment', 'P' || value, 'payment.succeeded',
        'https://shop.example/notify', '{}', iif(value = 3, 'delivered', 'exhausted'), 9, 0,
        1767225600000 + value * 1000
      from json_each('[1, 2, 3, 4]')`)
    expect(await does('work notification')).toContain('can be done: replay N1 --note …')

    expect(await does('replay N3 --note lost')).toBe('1 told again')
    expect(await waiting()).toEqual(['N3'])
    expect(await does('replay --exhausted --note back')).toBe('4 told again')
    expect(await waiting()).toEqual(['N1', 'N2', 'N3', 'N4'])
    const range = '--from 2026-01-01T00:00:02Z --until 2026-01-01T08:00:04+08:00'
    expect(await does(`replay --app ${appId} ${range} --note moved`)).toBe('2 told again')
    expect(await waiting()).toEqual(['N2', 'N3'])
    expect(await does(`replay --exhausted --app ${appId} --note back`)).toBe('4 told again')
    expect(await does('work notification')).toBe('')

    const notes = await asks(
      `select subject_id, version, source, json_extract(evidence, '$.note') from events
        where kind = 'notification.replayed' order by rowid`,
    )
    expect(notes).toEqual([
      ['N3', 1, 'operator', 'lost'],
      ['all', 1, 'operator', 'back'],
      [appId, 1, 'operator', 'moved'],
      [appId, 2, 'operator', 'back'],
    ])
  }, 120_000)
})

describe('a command that is given something wrong', () => {
  it.each([
    ['unknown', 'there is no command unknown: see --help'],
    ['merchant', 'the merchant number is missing: see --help'],
    ['merchant M9', '--name is missing: see --help'],
    ['merchant M1 --name Twice', 'merchant M1 is there already'],
    ['app --merchant M9 --name Till', 'there is no merchant M9'],
    [
      'app --merchant M1 --name Till --late never',
      '--late is one of accept, refund, hold, not never',
    ],
    ['app-set nobody --late hold', 'there is no app nobody'],
    [
      'account --merchant M1 --channel nowhere --settings -',
      'channel nowhere is not in this deployment',
    ],
    ['passage --app a --way WX_NATIVE --account A0 --fee 0.6%', 'there is no account A0'],
    [
      'passage --app a --way WX_NATIVE --account A0 --fee 6000',
      '--fee is a percentage such as 0.6%, not 6000',
    ],
    ['release P0 --decision accept --note why', 'payment not found'],
    ['release P0 --decision accept', '--note is missing: see --help'],
    ['look-at R0 --note why', 'not found'],
    ['replay N0 --note why', 'there is no N0'],
    ['replay N0', '--note is missing: see --help'],
    ['replay N0 --exhausted --note why', 'one notification, or --exhausted; not both'],
    ['replay --exhausted --app nobody --note why', 'there is no nobody'],
    ['replay --note why', '--app is missing: see --help'],
    [
      'replay --exhausted --from 2026-01-31T08:00:00Z --note why',
      'all that was given up, or --from; not both',
    ],
    [
      'replay --app a --from 2026-01-31 --until 2026-02-01 --note why',
      '--from is a time such as 2026-01-31T08:00:00+08:00',
    ],
    [
      'bills --account A0 --kind trade --date 2026-02-30',
      '--date is a day such as 2026-01-31, not 2026-02-30',
    ],
    ['bills --account A0 --kind trade --date 2026-01-31', 'account not found'],
    ['work nothing', 'the kind is one of'],
  ])(
    'says so in one line, and does nothing: %s',
    async (args, line) => {
      const before = await counts()
      const done = await operate(args.split(' '), '{}')
      expect(done).toMatchObject({ status: 1, out: '' })
      expect(done.err).toContain(`tongbao: ${line}`)
      expect(done.err.split('\n')).toHaveLength(1)
      expect(await counts()).toEqual(before)
    },
    60_000,
  )

  it('never repeats what a setting holds', async () => {
    const settings = {
      ...(await wechatSettings()),
      apiV3Key: 'canary-too-short',
      surprise: 'canary',
    }
    const args = ['account', '--merchant', 'M1', '--channel', 'wxpay', '--settings', '-']
    const bad = await operate(args, JSON.stringify(settings))
    expect(bad.status).toBe(1)
    expect(bad.err).toContain('apiV3Key')
    expect(bad.err + bad.out).not.toContain('canary')
    const unread = await operate(args, '{"apiV3Key": "canary"')
    expect(unread.err).toBe('tongbao: settings are one JSON object, names and values')
  }, 60_000)

  it('needs tables, and a master key', async () => {
    const empty = await operate(['work'], '', { TONGBAO_DATABASE_URL: ':memory:' })
    expect(empty).toMatchObject({ status: 1, err: expect.stringContaining('npm run migrate') })
    const keyless = await operate(['work'], '', { TONGBAO_MASTER_KEY: '' })
    expect(keyless.err).toContain('TONGBAO_MASTER_KEY is missing')
    expect(keyless.status).toBe(1)
  })
})

describe('a process of its own', () => {
  it('reads settings from standard input, and ends with 1 and one line where they do not fit', async () => {
    const args = ['account', '--merchant', 'M1', '--channel', 'wxpay', '--settings', '-']
    const environment = { TONGBAO_DATABASE_URL: url, TONGBAO_MASTER_KEY: masterKey }
    const done = await operateApart(args, '{"mchid": "canary"}', environment)
    expect(done).toMatchObject({ status: 1, out: '' })
    expect(done.err).toMatch(/^tongbao: the settings do not fit: .*merchantPrivateKey/)
    expect(done.err).not.toMatch(/canary|\n/)
  }, 120_000)

  it('has to be told where to work, where there is no sandbox', async () => {
    expect(await operateApart(['work'], '')).toEqual({
      status: 1,
      out: '',
      err: 'tongbao: TONGBAO_DATABASE_URL is missing, and there is no sandbox here: set it to the database of the gateway',
    })
  }, 120_000)
})

describe('help', () => {
  it('names every command that the guide uses, and each explains itself', async () => {
    const all = (await operate(['--help'])).out
    const guide = readFileSync(new URL('../../../edge/README.md', import.meta.url), 'utf8')
    const used = [...guide.matchAll(/npm run operate -- ([a-z][a-z-]+)/g)].map(
      ([, name]) => name ?? '',
    )
    expect(used.length).toBeGreaterThan(5)
    for (const name of used) expect(all).toMatch(new RegExp(`^ {2}${name} `, 'm'))
    expect((await operate(['bills', '--help'])).out).toContain('npm run operate -- bills --account')
  }, 60_000)
})
