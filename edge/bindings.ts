import * as z from 'zod'
import type { ClientIpHeader, GatewaySettings, Rates } from '../core/core.ts'
import type { KeyRing, LogLevel } from '../core/ports.ts'
import { ok, type Result, refuse } from '../core/result.ts'
import { parseKeyRing } from './key-ring.ts'
import { LOG_LEVELS } from './ports/json-log.ts'
import type { QstashAccount } from './ports/qstash.ts'

/** What a deployment is told by its environment. */
export interface Settings {
  /** `sandbox` talks to simulators of the channels and moves no money. */
  readonly mode: 'live' | 'sandbox'
  readonly host: string
  readonly port: number
  readonly database: { readonly url: string; readonly token?: string }
  readonly keyRing: KeyRing
  /** Where channels and payers reach us; no slash at its end. */
  readonly publicUrl: string
  /** Lets notifications go to private and loopback addresses. */
  readonly allowPrivateTargets: boolean
  readonly logLevel: LogLevel
  /** Who may read `/metrics`. */
  readonly metrics?: 'open' | { readonly token: string }
  readonly rates: Rates
  readonly clientIpHeader?: ClientIpHeader
  readonly redis?: RedisAddress
  readonly timer: TimerSettings
}

/** Redis as Upstash serves it, over HTTP. */
export interface RedisAddress {
  readonly url: string
  readonly token: string
}

/** What wakes us for tries of notifications, beside the sweep. */
export type TimerSettings =
  | { readonly kind: 'none' }
  | ({ readonly kind: 'qstash' } & QstashAccount)

/** What the runtime has to offer. */
export interface Runtime {
  /** Whether there are files that a database can live in. */
  readonly files: boolean
  /** The header that the platform itself sets and that nobody outside can: Cloudflare's. */
  readonly clientIpHeader?: ClientIpHeader
}

/** One line for the person who deploys: what is wrong, and what to do. Never holds a value. */
export interface BadSettings {
  readonly line: string
}

type Parsed<Value> = Result<Value, BadSettings>

/** Reads the environment once. Settings that are empty count as not given. */
export function readBindings(environment: unknown, runtime: Runtime): Parsed<Settings> {
  const given = givenIn(environment)
  const stranger = Object.keys(given).find(
    (name) => name.startsWith('TONGBAO_') && !(name in VARIABLES.shape),
  )
  if (stranger !== undefined) {
    const ours = Object.keys(VARIABLES.shape).filter((name) => name.startsWith('TONGBAO_'))
    return wrong(stranger, `is not a setting; these are: ${ours.join(', ')}`)
  }

  const parsed = VARIABLES.safeParse(given)
  if (!parsed.success) {
    const [issue] = parsed.error.issues
    return wrong(issue?.path.join('.') ?? 'environment', issue?.message ?? 'cannot be read')
  }
  return settle(parsed.data, runtime)
}

function givenIn(environment: unknown): Readonly<Record<string, unknown>> {
  if (typeof environment !== 'object' || environment === null) return {}
  return Object.fromEntries(Object.entries(environment).filter(([, value]) => value !== ''))
}

const PORT_RANGE = 'must be a port number, 1 to 65535'
const DATABASE_URL = 'must be the address of a libSQL server, libsql://… or https://…'
const PUBLIC_URL = 'must be an address such as https://pay.example.com, without query or fragment'

const REDIS_URL = 'must be the https: address that Upstash gives for REST'
const RATE = 'must be requests a minute, 1 to 1000000'
const CLIENT_IP_HEADERS = [
  'cf-connecting-ip',
  'x-real-ip',
  'x-forwarded-for',
] as const satisfies readonly ClientIpHeader[]

function requestsPerMinute() {
  return z
    .string(RATE)
    .regex(/^\d{1,7}$/, RATE)
    .transform(Number)
    .refine((rate) => rate >= 1 && rate <= 1_000_000, RATE)
    .optional()
}
const QSTASH_URL = 'must be the address of the QStash API, such as https://qstash.upstash.io'
const CREDENTIAL = 'must be one word, as the Upstash console shows it'

const VARIABLES = z.object({
  HOST: z.string().default('127.0.0.1'),
  PORT: z
    .string(PORT_RANGE)
    .regex(/^\d{1,5}$/, PORT_RANGE)
    .transform(Number)
    .refine((port) => port >= 1 && port <= 65_535, PORT_RANGE)
    .default(8787),
  TONGBAO_MODE: z.enum(['live', 'sandbox'], 'must be live or sandbox').default('live'),
  TONGBAO_DATABASE_URL: z.string(DATABASE_URL).optional(),
  TONGBAO_DATABASE_TOKEN: z.string('must be text').optional(),
  TONGBAO_MASTER_KEY: z.string('must be text').optional(),
  TONGBAO_PUBLIC_URL: z
    .url({ protocol: /^https?$/, error: PUBLIC_URL })
    .refine((url) => !/[?#@]/.test(url), PUBLIC_URL)
    .transform((url) => url.replace(/\/+$/, ''))
    .optional(),
  TONGBAO_ALLOW_PRIVATE_TARGETS: z.enum(['true', 'false'], 'must be true or false').optional(),
  TONGBAO_METRICS_TOKEN: z
    .string()
    .regex(/^[\x21-\x7e]{16,}$/, 'must be 16 or more characters, without blanks')
    .optional(),
  TONGBAO_RATE_PER_APP: requestsPerMinute(),
  TONGBAO_RATE_PER_IP: requestsPerMinute(),
  TONGBAO_CLIENT_IP_HEADER: z
    .enum(CLIENT_IP_HEADERS, `must be one of ${CLIENT_IP_HEADERS.join(', ')}`)
    .optional(),
  UPSTASH_REDIS_REST_URL: z.url({ protocol: /^https?$/, error: REDIS_URL }).optional(),
  UPSTASH_REDIS_REST_TOKEN: z.string('must be text').optional(),
  TONGBAO_TIMER: z.enum(['none', 'qstash'], 'must be none or qstash').default('none'),
  QSTASH_URL: z
    .url({ protocol: /^https?$/, error: QSTASH_URL })
    .refine((url) => !/[?#@]/.test(url), QSTASH_URL)
    .transform((url) => url.replace(/\/+$/, ''))
    .default('https://qstash.upstash.io'),
  QSTASH_TOKEN: z
    .string(CREDENTIAL)
    .regex(/^[\x21-\x7e]+$/, CREDENTIAL)
    .optional(),
  QSTASH_CURRENT_SIGNING_KEY: z
    .string(CREDENTIAL)
    .regex(/^[\x21-\x7e]+$/, CREDENTIAL)
    .optional(),
  QSTASH_NEXT_SIGNING_KEY: z
    .string(CREDENTIAL)
    .regex(/^[\x21-\x7e]+$/, CREDENTIAL)
    .optional(),
  TONGBAO_LOG_LEVEL: z.enum(LOG_LEVELS, `must be one of ${LOG_LEVELS.join(', ')}`).default('info'),
})

type Variables = z.output<typeof VARIABLES>

/** Looks at what depends on the mode and the runtime. */
function settle(variables: Variables, runtime: Runtime): Parsed<Settings> {
  const mode = variables.TONGBAO_MODE
  const database = databaseUrl(variables, runtime)
  if (!database.ok) return database
  const keyRing = masterKeys(variables)
  if (!keyRing.ok) return keyRing
  const publicUrl = publicAddress(variables)
  if (!publicUrl.ok) return publicUrl

  const redis = redisAddress(variables)
  if (!redis.ok) return redis
  const timer = timerSettings(variables)
  if (!timer.ok) return timer

  const { HOST: host, PORT: port, TONGBAO_DATABASE_TOKEN: token } = variables
  const allowPrivate = variables.TONGBAO_ALLOW_PRIVATE_TARGETS ?? String(mode === 'sandbox')
  return ok({
    mode,
    host,
    port,
    database: { url: database.value, ...(token === undefined ? {} : { token }) },
    keyRing: keyRing.value,
    publicUrl: publicUrl.value,
    allowPrivateTargets: allowPrivate === 'true',
    logLevel: variables.TONGBAO_LOG_LEVEL,
    ...optionals(variables, runtime),
    ...(redis.value !== undefined && { redis: redis.value }),
    timer: timer.value,
  })
}

function optionals(variables: Variables, runtime: Runtime) {
  const { TONGBAO_RATE_PER_APP: perApp, TONGBAO_RATE_PER_IP: perIp } = variables
  const { TONGBAO_METRICS_TOKEN: token, TONGBAO_MODE: mode } = variables
  const clientIpHeader = variables.TONGBAO_CLIENT_IP_HEADER ?? runtime.clientIpHeader
  return {
    rates: { ...(perApp !== undefined && { perApp }), ...(perIp !== undefined && { perIp }) },
    ...(clientIpHeader !== undefined && { clientIpHeader }),
    ...(token !== undefined && { metrics: { token } }),
    ...(token === undefined && mode === 'sandbox' && { metrics: 'open' as const }),
  }
}

function redisAddress(variables: Variables): Parsed<RedisAddress | undefined> {
  const { UPSTASH_REDIS_REST_URL: url, UPSTASH_REDIS_REST_TOKEN: token } = variables
  if (url === undefined && token === undefined) return ok(undefined)
  if (url === undefined)
    return wrong('UPSTASH_REDIS_REST_URL', 'is missing, but its token is there')
  if (token === undefined)
    return wrong('UPSTASH_REDIS_REST_TOKEN', 'is missing, but its URL is there')
  return ok({ url, token })
}

/** What the core is told of the settings. */
export function gatewaySettings(settings: Settings): GatewaySettings {
  const { publicUrl, allowPrivateTargets, rates, metrics, clientIpHeader } = settings
  return {
    publicUrl,
    allowsPrivateTargets: allowPrivateTargets,
    rates,
    ...(metrics !== undefined && { metrics }),
    ...(clientIpHeader !== undefined && { clientIpHeader }),
  }
}

function databaseUrl({ TONGBAO_DATABASE_URL: url }: Variables, { files }: Runtime) {
  const name = 'TONGBAO_DATABASE_URL'
  const orFile = files ? ', or a file such as file:/var/lib/tongbao/gateway.db' : ''
  if (url === undefined) return wrong(name, `is missing: it ${DATABASE_URL}${orFile}`)
  if (/^(file:|:memory:$)/.test(url)) {
    return files
      ? ok(url)
      : wrong(name, `names a file, and there are none here: it ${DATABASE_URL}`)
  }
  if (!/^(libsql|https?):\/\/[^/?#@]+/.test(url)) return wrong(name, `${DATABASE_URL}${orFile}`)
  if (/[?&]authToken=/.test(url)) {
    return wrong(name, 'holds a token: take it out and put it into TONGBAO_DATABASE_TOKEN')
  }
  return ok(url)
}

function masterKeys({ TONGBAO_MASTER_KEY: text }: Variables): Parsed<KeyRing> {
  const name = 'TONGBAO_MASTER_KEY'
  if (text === undefined) {
    return wrong(
      name,
      'is missing: make one with echo "k1:$(openssl rand -base64 32)" and keep it apart from the database',
    )
  }
  const keys = parseKeyRing(text)
  return keys.ok ? keys : wrong(name, `cannot be read: ${keys.refusal}`)
}

function publicAddress(variables: Variables): Parsed<string> {
  const { TONGBAO_MODE: mode, TONGBAO_PUBLIC_URL: url, HOST: host, PORT: port } = variables
  const name = 'TONGBAO_PUBLIC_URL'
  if (url === undefined) {
    if (mode === 'sandbox') return ok(`http://${reachable(host)}:${port}`)
    return wrong(name, 'is missing: set it to the https: address that channels and payers reach')
  }
  if (mode === 'live' && url.startsWith('http:') && !isLoopback(new URL(url).hostname)) {
    return wrong(name, 'must begin with https: in live mode, for payers and channels go there')
  }
  return ok(url)
}

function timerSettings(variables: Variables): Parsed<TimerSettings> {
  const { TONGBAO_TIMER: kind, TONGBAO_MODE: mode, QSTASH_URL: url } = variables
  if (kind === 'none') return ok({ kind })
  if (mode === 'sandbox') {
    return wrong('TONGBAO_TIMER', 'must be none in a sandbox, whose clock can be put forward')
  }
  if (url.startsWith('http:') && !isLoopback(new URL(url).hostname)) {
    return wrong('QSTASH_URL', 'must begin with https:, for the token goes there')
  }
  const {
    QSTASH_TOKEN: token,
    QSTASH_CURRENT_SIGNING_KEY: currentSigningKey,
    QSTASH_NEXT_SIGNING_KEY: nextSigningKey,
  } = variables
  const missing = (name: string) =>
    wrong(name, 'is missing: TONGBAO_TIMER is qstash, and the Upstash console shows it')
  if (token === undefined) return missing('QSTASH_TOKEN')
  if (currentSigningKey === undefined) return missing('QSTASH_CURRENT_SIGNING_KEY')
  if (nextSigningKey === undefined) return missing('QSTASH_NEXT_SIGNING_KEY')
  return ok({ kind, url, token, currentSigningKey, nextSigningKey })
}

/** The host part of a URL that leads to what listens on `host`. */
function reachable(host: string): string {
  if (host === '0.0.0.0' || host === '::') return '127.0.0.1'
  return host.includes(':') ? `[${host}]` : host
}

function isLoopback(hostname: string): boolean {
  return /^(localhost|127(\.\d{1,3}){3}|\[::1\])$/.test(hostname)
}

function wrong(name: string, what: string): Result<never, BadSettings> {
  return refuse({ line: `${name} ${what}` })
}
