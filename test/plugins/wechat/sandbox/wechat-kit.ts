/**
 * A merchant of the simulator's, written with node:crypto: it signs, verifies and decrypts with
 * nothing that the simulator or the plugin has.
 */
import {
  createDecipheriv,
  createHash,
  createSign,
  createVerify,
  type KeyLike,
  randomBytes,
  X509Certificate,
} from 'node:crypto'
import type { Clock, Random } from '../../../../core/plugin/simulator.ts'
import {
  createWechatSimulator,
  type WechatSimulatorOptions,
} from '../../../../plugins/wechat/sandbox/index.ts'
import {
  DEMO_MERCHANT,
  FIRST_CERTIFICATE,
  PLATFORM_PUBLIC_KEY,
  SECOND_CERTIFICATE,
} from '../../../../plugins/wechat/sandbox/keys.ts'
import { DEMO_PROVIDER } from '../../../../plugins/wechat/sandbox/provider-keys.ts'
import { memoryBooks } from '../../../kit/books.ts'
import { SECOND_MERCHANT } from './second-merchant.ts'

/** 2026-01-01 08:00:00 in Beijing. */
export const NEW_YEAR_MS = 1_767_225_600_000

export interface Signer {
  readonly mchid: string
  readonly serial: string
  readonly privateKey: string
}

export interface CallOptions {
  readonly as?: Signer
  /** Replaces or, with `undefined`, removes a header. */
  readonly headers?: Readonly<Record<string, string | undefined>>
  /** What is signed, when that is not what is sent. */
  readonly signedBody?: string
  readonly timestamp?: number
  readonly authorization?: (parameters: Readonly<Record<string, string>>) => string
}

export const DEMO: Signer = DEMO_MERCHANT
export const PROVIDER: Signer = DEMO_PROVIDER

export function openWechatKit(options: WechatSimulatorOptions = {}) {
  let nowMs = NEW_YEAR_MS
  const clock: Clock = {
    now: () => nowMs,
    sleep: async (ms) => {
      nowMs += ms
    },
  }
  const told: Callback[] = []
  /** What the merchant's side answers, in turn; the last for ever. */
  let answers: (number | undefined)[] = [200]
  const simulator = createWechatSimulator(
    {
      clock,
      random: seeded(),
      books: memoryBooks(),
      async callback(request) {
        told.push(await readCallback(request, nowMs))
        const status = answers.length > 1 ? answers.shift() : answers[0]
        return status === undefined ? undefined : new Response(null, { status })
      },
    },
    options,
  )

  async function callRaw(method: string, target: string, body = '', options: CallOptions = {}) {
    return simulator.serve(signedRequest(nowMs, method, target, body, options))
  }

  return {
    simulator,
    told,
    now: () => nowMs,
    async passes(ms: number) {
      nowMs += ms
      await simulator.tick()
    },
    merchantAnswers(...statuses: (number | undefined)[]) {
      answers = statuses
    },
    callRaw,
    async call(method: string, target: string, body?: unknown, options: CallOptions = {}) {
      const text = body === undefined ? '' : JSON.stringify(body)
      const answer = await callRaw(method, target, text, options)
      if (typeof answer === 'string') throw new Error(`the connection ended in ${answer}`)
      return readAnswer(answer)
    },
  }
}

type Members = Readonly<Record<string, unknown>>

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

export interface Callback {
  readonly atMs: number
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
  readonly verified: boolean
  readonly envelope: Members
  /** What was decrypted. */
  readonly content: Members
}

export function signedRequest(
  nowMs: number,
  method: string,
  target: string,
  body: string,
  { as = DEMO, headers = {}, signedBody = body, timestamp, authorization }: CallOptions,
): Request {
  const seconds = String(timestamp ?? Math.floor(nowMs / 1000))
  const nonce = randomBytes(16).toString('hex')
  const message = `${method}\n${target}\n${seconds}\n${nonce}\n${signedBody}\n`
  const parameters = {
    mchid: as.mchid,
    nonce_str: nonce,
    signature: createSign('RSA-SHA256').update(message).sign(as.privateKey, 'base64'),
    timestamp: seconds,
    serial_no: as.serial,
  }
  const sent: Record<string, string | undefined> = {
    authorization: (authorization ?? usualAuthorization)(parameters),
    accept: 'application/json',
    'user-agent': 'merchant/1',
    ...(body !== '' && { 'content-type': 'application/json' }),
    ...headers,
  }
  return new Request(`https://api.mch.weixin.qq.com${target}`, {
    method,
    headers: Object.entries(sent).filter((pair): pair is [string, string] => pair[1] !== undefined),
    ...(method !== 'GET' && { body }),
  })
}

export function usualAuthorization(parameters: Readonly<Record<string, string>>): string {
  const pairs = Object.entries(parameters).map(([name, value]) => `${name}="${value}"`)
  return `WECHATPAY2-SHA256-RSA2048 ${pairs.join(',')}`
}

const PLATFORM_KEYS: Readonly<Record<string, KeyLike>> = {
  [PLATFORM_PUBLIC_KEY.serial]: PLATFORM_PUBLIC_KEY.publicKey,
  [FIRST_CERTIFICATE.serial]: new X509Certificate(FIRST_CERTIFICATE.certificate).publicKey,
  [SECOND_CERTIFICATE.serial]: new X509Certificate(SECOND_CERTIFICATE.certificate).publicKey,
}

export function verifies(headers: Headers, body: string): boolean {
  const key = PLATFORM_KEYS[headers.get('wechatpay-serial') ?? '']
  if (key === undefined) return false
  const message = `${headers.get('wechatpay-timestamp')}\n${headers.get('wechatpay-nonce')}\n${body}\n`
  const signature = headers.get('wechatpay-signature') ?? ''
  return createVerify('RSA-SHA256').update(message).verify(key, signature, 'base64')
}

export async function readAnswer(answer: Response) {
  const text = await answer.text()
  return {
    status: answer.status,
    headers: answer.headers,
    text,
    verified: verifies(answer.headers, text),
    suffix: answer.headers.get('request-id')?.split('-')[1],
    body: (/^\{.*\}$/s.test(text) ? JSON.parse(text) : {}) as Members,
  }
}

async function readCallback(request: Request, atMs: number): Promise<Callback> {
  const body = await request.text()
  const envelope = JSON.parse(body)
  return {
    atMs,
    url: request.url,
    headers: Object.fromEntries(request.headers),
    body,
    verified: verifies(request.headers, body),
    envelope,
    content: JSON.parse(decryptedForAnybody(envelope.resource)),
  }
}

interface Sealed {
  readonly ciphertext: string
  readonly nonce: string
  readonly associated_data: string
}

/** Callbacks do not say whom they are for: one of these keys opens each. */
function decryptedForAnybody(sealed: Sealed): string {
  for (const { apiV3Key } of [DEMO_MERCHANT, DEMO_PROVIDER, SECOND_MERCHANT]) {
    try {
      return decrypt(sealed, apiV3Key)
    } catch {}
  }
  throw new Error('no key of ours opens it')
}

export function decrypt(sealed: Sealed, key: string): string {
  const bytes = Buffer.from(sealed.ciphertext, 'base64')
  const decipher = createDecipheriv('aes-256-gcm', key, sealed.nonce)
  decipher.setAuthTag(bytes.subarray(-16)).setAAD(Buffer.from(sealed.associated_data))
  return decipher.update(bytes.subarray(0, -16), undefined, 'utf8') + decipher.final('utf8')
}

// ---------------------------------------------------------------------------------------------
// What merchants ask for

export const NATIVE = '/v3/pay/transactions/native'
export const JSAPI = '/v3/pay/transactions/jsapi'
export const REFUNDS = '/v3/refund/domestic/refunds'

export function nativeOrder(changes: Readonly<Record<string, unknown>> = {}) {
  return {
    appid: 'wx0000000000000001',
    mchid: '1900000109',
    description: '测试商品',
    out_trade_no: 'T20260101000001',
    notify_url: 'https://pay.example.com/n/wx/1',
    amount: { total: 100, currency: 'CNY' },
    ...changes,
  }
}

export function jsapiOrder(changes: Readonly<Record<string, unknown>> = {}) {
  return nativeOrder({ payer: { openid: 'oSharedOpenid000000000000001' }, ...changes })
}

export const PARTNER = '/v3/pay/partner/transactions'

/** Of the demo provider, for its first sub-merchant. */
export function partnerOrder(changes: Readonly<Record<string, unknown>> = {}) {
  const { appid: _appid, mchid: _mchid, ...order } = nativeOrder()
  return {
    sp_appid: 'wx0000000000000010',
    sp_mchid: '1900000100',
    sub_mchid: '1900000201',
    ...order,
    ...changes,
  }
}

export function refundOf(fen: number, changes: Readonly<Record<string, unknown>> = {}) {
  return {
    out_trade_no: 'T20260101000001',
    out_refund_no: 'R20260101000001',
    notify_url: 'https://pay.example.com/n/wx/refund',
    amount: { refund: fen, total: 100, currency: 'CNY' },
    ...changes,
  }
}

export const queryPath = (number: string, mchid = '1900000109') =>
  `/v3/pay/transactions/out-trade-no/${number}?mchid=${mchid}`

export const closePath = (number: string) => `/v3/pay/transactions/out-trade-no/${number}/close`
