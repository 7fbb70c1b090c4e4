/**
 * A merchant of the simulator's, written with node:crypto: it signs and verifies with nothing that
 * the simulator or the plugin has.
 */
import {
  createHash,
  createPrivateKey,
  createPublicKey,
  createSign,
  createVerify,
  type KeyObject,
  X509Certificate,
} from 'node:crypto'
import type { Clock, Random } from '../../../../core/plugin/simulator.ts'
import {
  FIRST_CERTIFICATE,
  RENEWED_CERTIFICATE,
  REPLACED_CERTIFICATE,
} from '../../../../plugins/alipay/sandbox/crypto/certificates.ts'
import {
  ALIPAY_KEY,
  DEMO_APP_KEY,
  DEMO_PROVIDER_KEY,
} from '../../../../plugins/alipay/sandbox/crypto/keys.ts'
import {
  type AlipaySimulatorOptions,
  createAlipaySimulator,
} from '../../../../plugins/alipay/sandbox/index.ts'
import { memoryBooks } from '../../../kit/books.ts'

/** 2026-01-01 08:00:00 in Beijing. */
export const NEW_YEAR_MS = 1_767_225_600_000

export type Members = Readonly<Record<string, unknown>>

export interface Signer {
  readonly appId: string
  readonly privateKey: string
  /** Further common parameters: certificate serials, a token. */
  readonly fields?: Readonly<Record<string, string>>
}

export const DEMO: Signer = { appId: '2021000000000001', privateKey: DEMO_APP_KEY.privateKey }

/** Computed by the official SDK from the same certificates. */
export const ROOT_SN = 'c4c57e3c39e6eff0063446c5d7a04d21_519dc7f0a8fb75f47c494ac4f52f8cc0'
export const CERTIFIED: Signer = {
  appId: '2021000000000002',
  privateKey: DEMO_APP_KEY.privateKey,
  fields: { app_cert_sn: 'f48940eb06972a9f2ae5041753eb23f9', alipay_root_cert_sn: ROOT_SN },
}
export const PROVIDER: Signer = {
  appId: '2021000000000008',
  privateKey: DEMO_PROVIDER_KEY.privateKey,
}

/** The demo provider, acting for one of its sub-merchants. */
export const forSub = (sub: 1 | 2): Signer => ({
  ...PROVIDER,
  fields: { app_auth_token: `202601BBsandbox000000000000000000000001${sub}` },
})

export interface CallOptions {
  readonly as?: Signer
  /** Replaces or, with `undefined`, removes a common parameter, before it is signed. */
  readonly fields?: Readonly<Record<string, string | undefined>>
  /** Changes what is sent after it was signed. */
  readonly tamper?: Readonly<Record<string, string>>
  /** Where the parameters stand: SDKs differ. */
  readonly place?: 'query' | 'body' | 'split'
  /** biz_content as it is sent, when that is not the JSON of the content. */
  readonly raw?: string
}

export function openAlipayKit(options: AlipaySimulatorOptions = {}) {
  let nowMs = NEW_YEAR_MS
  const clock: Clock = {
    now: () => nowMs,
    sleep: async (ms) => {
      nowMs += ms
    },
  }
  const told: Told[] = []
  /** What the merchant's side answers, in turn; the last for ever. */
  let answers: (string | undefined)[] = ['success']
  const simulator = createAlipaySimulator(
    {
      clock,
      random: seeded(),
      books: memoryBooks(),
      async callback(request) {
        told.push(await readCallback(request, nowMs))
        const body = answers.length > 1 ? answers.shift() : answers[0]
        return body === undefined ? undefined : new Response(body)
      },
    },
    options,
  )
  const request = (method: string, content: unknown, asked: CallOptions = {}) =>
    signedRequest(nowMs, method, content, asked)

  return {
    simulator,
    told,
    request,
    now: () => nowMs,
    async passes(ms: number) {
      nowMs += ms
      await simulator.tick()
    },
    merchantAnswers(...bodies: (string | undefined)[]) {
      answers = bodies
    },
    callRaw: (method: string, content: unknown, asked: CallOptions = {}) =>
      simulator.serve(request(method, content, asked)),
    async call(method: string, content: unknown, asked: CallOptions = {}) {
      const answer = await simulator.serve(request(method, content, asked))
      if (typeof answer === 'string') throw new Error(`the connection ended in ${answer}`)
      return readAnswer(method, answer)
    },
  }
}

/** The same bytes in every run: a failure can be looked at again. */
function seeded(): Random {
  let count = 0
  return {
    bytes(length) {
      count += 1
      return new Uint8Array(
        createHash('shake256', { outputLength: length }).update(`${count}`).digest(),
      )
    },
  }
}

// ---------------------------------------------------------------------------------------------
// What merchants send

export function signedFields(
  nowMs: number,
  method: string,
  content: unknown,
  { as = DEMO, fields = {}, raw }: CallOptions,
): Record<string, string> {
  const all: Record<string, string | undefined> = {
    app_id: as.appId,
    method,
    format: 'JSON',
    charset: 'utf-8',
    sign_type: 'RSA2',
    timestamp: beijing(nowMs),
    version: '1.0',
    biz_content: raw ?? (content === undefined ? undefined : JSON.stringify(content)),
    ...as.fields,
    ...fields,
  }
  const sent = Object.entries(all).filter((pair): pair is [string, string] => pair[1] !== undefined)
  const text = sent
    .filter(([, value]) => value !== '')
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, value]) => `${name}=${value}`)
    .join('&')
  const algorithm = all.sign_type === 'RSA' ? 'RSA-SHA1' : 'RSA-SHA256'
  const key = createPrivateKey({
    key: Buffer.from(as.privateKey, 'base64'),
    format: 'der',
    type: 'pkcs8',
  })
  return {
    ...Object.fromEntries(sent),
    sign: createSign(algorithm).update(text).sign(key, 'base64'),
  }
}

export function signedRequest(
  nowMs: number,
  method: string,
  content: unknown,
  options: CallOptions = {},
): Request {
  const { tamper = {}, place = 'split' } = options
  const fields = { ...signedFields(nowMs, method, content, options), ...tamper }
  const { biz_content, ...common } = fields
  const address = 'https://openapi.alipay.com/gateway.do'
  if (place === 'query') return new Request(`${address}?${new URLSearchParams(fields)}`)
  const body = new URLSearchParams(place === 'body' ? fields : { biz_content: biz_content ?? '' })
  return new Request(place === 'body' ? address : `${address}?${new URLSearchParams(common)}`, {
    method: 'POST',
    body,
  })
}

function beijing(atMs: number): string {
  return new Date(atMs + 28_800_000).toISOString().slice(0, 19).replace('T', ' ')
}

// ---------------------------------------------------------------------------------------------
// What Alipay says

const spki = (text: string) =>
  createPublicKey({ key: Buffer.from(text, 'base64'), format: 'der', type: 'spki' })

/** By alipay_cert_sn; computed by the official SDK from the same certificates. */
const KEYS: Readonly<Record<string, KeyObject>> = {
  none: spki(ALIPAY_KEY.publicKey),
  '5caae074d6698e4def5ed66b807a4082': new X509Certificate(FIRST_CERTIFICATE.certificate).publicKey,
  d25220376cdfccc94487251a0accda87: new X509Certificate(RENEWED_CERTIFICATE.certificate).publicKey,
  '141d06494391f70c0f47cebe9d17d7e6': new X509Certificate(REPLACED_CERTIFICATE.certificate)
    .publicKey,
}

export function verifies(text: string, sign: string, certificateSn = 'none'): boolean {
  const key = KEYS[certificateSn]
  return (
    key !== undefined && createVerify('RSA-SHA256').update(text, 'utf8').verify(key, sign, 'base64')
  )
}

export async function readAnswer(method: string, answer: Response) {
  const text = await answer.text()
  const outer = (/^\{.*\}$/s.test(text) ? JSON.parse(text) : {}) as Record<string, unknown>
  const usual = `${method.replaceAll('.', '_')}_response`
  const name = usual in outer ? usual : 'error_response'
  const raw = rawValue(text, name)
  const sn = typeof outer.alipay_cert_sn === 'string' ? outer.alipay_cert_sn : undefined
  return {
    status: answer.status,
    headers: answer.headers,
    text,
    name,
    /** The node's characters as they came. */
    raw,
    node: (outer[name] ?? {}) as Members,
    certificateSn: sn,
    signed: 'sign' in outer,
    verified: typeof outer.sign === 'string' && verifies(raw, outer.sign, sn),
  }
}

/** The characters of a member's value, found by reading the JSON and not by searching it. */
function rawValue(text: string, name: string): string {
  const start = text.indexOf(`"${name}":`) + name.length + 3
  let depth = 0
  let inString = false
  for (let at = start; at < text.length; at += 1) {
    const character = text[at]
    if (inString) {
      if (character === '\\') at += 1
      else if (character === '"') inString = false
    } else if (character === '"') inString = true
    else if (character === '{' || character === '[') depth += 1
    else if (character === '}' || character === ']') depth -= 1
    if (depth === 0 && !inString) return text.slice(start, at + 1)
  }
  return ''
}

export interface Told {
  readonly atMs: number
  readonly url: string
  readonly contentType: string
  readonly fields: Readonly<Record<string, string>>
  /** By the key of either mode. */
  readonly verified: boolean
}

async function readCallback(request: Request, atMs: number): Promise<Told> {
  const fields = Object.fromEntries(new URLSearchParams(await request.text()))
  const isMessage = fields.msg_method !== undefined
  const text = Object.entries(fields)
    .filter(([name]) => name !== 'sign' && (isMessage || name !== 'sign_type'))
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, value]) => `${name}=${value}`)
    .join('&')
  const { sign = '' } = fields
  return {
    atMs,
    url: request.url,
    contentType: request.headers.get('content-type') ?? '',
    fields,
    verified: Object.keys(KEYS).some((sn) => verifies(text, sign, sn)),
  }
}

// ---------------------------------------------------------------------------------------------
// What merchants ask for

export const NUMBER = 'T20260101000001'
export const NOTIFY = 'https://pay.example.com/n/ali/1'

export function order(changes: Members = {}): Members {
  return { out_trade_no: NUMBER, total_amount: '1.00', subject: '测试商品', ...changes }
}

export const notified = { fields: { notify_url: NOTIFY } } as const

export const createOrder = (changes: Members = {}) =>
  order({ buyer_id: '2088100000000077', ...changes })

export const payOrder = (ending: string, changes: Members = {}) =>
  order({ scene: 'bar_code', auth_code: `281234567890123${ending}`, ...changes })

export function refundOf(yuan: string, changes: Members = {}): Members {
  return { out_trade_no: NUMBER, refund_amount: yuan, out_request_no: 'R1', ...changes }
}
