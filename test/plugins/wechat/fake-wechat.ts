import type {
  AttemptId,
  BoundChannel,
  ChannelPorts,
  ChannelRequest,
  HttpAnswer,
  InboundCall,
  PayInput,
  RefundId,
} from '../../../core/plugin/api.ts'
import { money } from '../../../core/plugin/api.ts'
import type { LogFields, LogLevel } from '../../../core/ports.ts'
import { wechat } from '../../../plugins/wechat/index.ts'
import vectors from '../../vectors/wechat.json' with { type: 'json' }

export { vectors }

const { ours, platform_certificates: certificates } = vectors

/** 2026-01-01T00:00:00Z, which is when the vectors were signed. */
export const NOW_MS = 1_767_225_600_000

/** A key that WeChat signs with, and the name it gives it. */
export interface Signer {
  readonly id: string
  readonly pkcs8: string
}

export const PUBLIC_KEY: Signer = {
  id: ours.wechatpay_serial,
  pkcs8: ours.platform_private_key_pkcs8,
}
export const OLD_CERTIFICATE: Signer = {
  id: certificates.old.serial_no,
  pkcs8: certificates.old.private_key_pkcs8,
}
export const NEW_CERTIFICATE: Signer = {
  id: certificates.new.serial_no,
  pkcs8: certificates.new.private_key_pkcs8,
}

export const SETTINGS = {
  mchid: ours.mchid,
  appid: 'wx0000000000000001',
  merchantPrivateKey: ours.merchant_private_key_pkcs8,
  merchantSerial: ours.serial_no,
  apiV3Key: ours.apiv3_key,
  verification: 'public_key',
  wechatpayPublicKey: { id: ours.wechatpay_serial, key: ours.platform_public_key_spki },
} as const

export const { wechatpayPublicKey: _, ...WITHOUT_PUBLIC_KEY } = SETTINGS
export const CERTIFICATE_SETTINGS = { ...WITHOUT_PUBLIC_KEY, verification: 'certificates' } as const
export const BOTH_SETTINGS = { ...SETTINGS, verification: 'both' } as const

type Answerer = (request: ChannelRequest) => Promise<HttpAnswer>

export interface World {
  readonly channel: BoundChannel
  readonly ports: ChannelPorts
  /** Every request, in order. */
  readonly requests: readonly ChannelRequest[]
  readonly logs: readonly { level: LogLevel; message: string; fields: LogFields | undefined }[]
  /** The next call is answered so. */
  answers(answer: Answerer): void
  /** What was to be answered and never asked for. */
  forgets(): void
  now(): number
  later(ms: number): void
}

/** A merchant, and a WeChat that says what it is told to say. Nothing of Node's is used. */
export function openWorld(settings: object = SETTINGS): World {
  const bound = wechat.bind(settings)
  if (!bound.ok) throw new Error(bound.refusal.join('; '))
  let nowMs = NOW_MS
  let counter = 0
  const script: Answerer[] = []
  const requests: ChannelRequest[] = []
  const logs: { level: LogLevel; message: string; fields: LogFields | undefined }[] = []
  const cache = new Map<string, { value: string; untilMs: number }>()
  return {
    channel: bound.value,
    requests,
    logs,
    answers: (answer) => script.push(answer),
    forgets: () => {
      script.length = 0
    },
    now: () => nowMs,
    later: (ms) => {
      nowMs += ms
    },
    ports: {
      clock: { now: () => nowMs, sleep: async () => {} },
      random: { bytes: (length) => new Uint8Array(length).map(() => counter++ % 256) },
      log: { write: (level, message, fields) => logs.push({ level, message, fields }) },
      cache: {
        get: async (key) => {
          const kept = cache.get(key)
          return kept !== undefined && kept.untilMs > nowMs ? kept.value : undefined
        },
        put: async (key, value, ttlMs) => {
          cache.set(key, { value, untilMs: nowMs + ttlMs })
        },
      },
      http: {
        send: async (request) => {
          requests.push(request)
          const next = script.shift()
          if (next === undefined) throw new Error(`nobody expected ${request.url}`)
          return next(request)
        },
      },
    },
  }
}

export interface SignedOptions {
  readonly by?: Signer
  readonly atMs?: number
  /** Changes what was signed, after it was signed. */
  readonly tamper?: (signed: SignedMessage) => void
}

export interface SignedMessage {
  readonly headers: Record<string, string>
  body: Uint8Array<ArrayBuffer>
}

/** Signs as WeChat does; headers are in lower case. */
export async function signAsWechat(
  body: string,
  { by = PUBLIC_KEY, atMs = NOW_MS, tamper }: SignedOptions = {},
): Promise<SignedMessage> {
  const timestamp = String(Math.floor(atMs / 1000))
  const nonce = 'fakeNonce0123456789'
  const signature = await rsaSign(by.pkcs8, `${timestamp}\n${nonce}\n${body}\n`)
  const signed = {
    headers: {
      'request-id': '08F5A1-0',
      'wechatpay-timestamp': timestamp,
      'wechatpay-nonce': nonce,
      'wechatpay-signature': signature,
      'wechatpay-serial': by.id,
      'wechatpay-signature-type': 'WECHATPAY2-SHA256-RSA2048',
    },
    body: new TextEncoder().encode(body),
  }
  tamper?.(signed)
  return signed
}

/** A signed answer. */
export function signed(status: number, body: unknown, options: SignedOptions = {}): Answerer {
  return async () => {
    const text = body === undefined ? '' : typeof body === 'string' ? body : JSON.stringify(body)
    const message = await signAsWechat(text, options)
    return {
      kind: 'answered',
      status,
      headers: new Headers(message.headers),
      body: message.body,
    }
  }
}

/** An answer that nobody signed. */
export function unsigned(status: number, body: unknown): Answerer {
  return async () => ({
    kind: 'answered',
    status,
    headers: new Headers({ 'request-id': '08F5A1-0' }),
    body: new TextEncoder().encode(typeof body === 'string' ? body : JSON.stringify(body)),
  })
}

/** The list of platform certificates, as `/v3/certificates` answers it. */
export function certificateList(
  which: readonly ('old' | 'new')[],
  options: SignedOptions = {},
): Answerer {
  return async (request) => {
    const data = await Promise.all(
      which.map(async (name) => ({
        serial_no: certificates[name].serial_no,
        effective_time: '2025-01-01T08:00:00+08:00',
        expire_time: '2030-01-01T08:00:00+08:00',
        encrypt_certificate: await seal(certificates[name].certificate_pem, 'certificate'),
      })),
    )
    const by = options.by ?? (which[0] === 'new' ? NEW_CERTIFICATE : OLD_CERTIFICATE)
    return signed(200, { data }, { ...options, by })(request)
  }
}

export async function seal(
  plaintext: string,
  associatedData: string,
  key: string = ours.apiv3_key,
): Promise<Record<string, string>> {
  const text = new TextEncoder()
  const nonce = 'fakegcm00001'
  const secret = await crypto.subtle.importKey('raw', text.encode(key), 'AES-GCM', false, [
    'encrypt',
  ])
  const sealed = await crypto.subtle.encrypt(
    { name: 'AES-GCM', iv: text.encode(nonce), additionalData: text.encode(associatedData) },
    secret,
    text.encode(plaintext),
  )
  return {
    algorithm: 'AEAD_AES_256_GCM',
    nonce,
    associated_data: associatedData,
    ciphertext: toBase64(new Uint8Array(sealed)),
  }
}

export function inbound(
  { headers, body }: SignedMessage,
  receivedAtMs: number = NOW_MS,
): InboundCall {
  return { method: 'POST', url: '/api/pay/notify/wxpay/A1', headers, body, receivedAtMs }
}

async function rsaSign(pkcs8: string, message: string): Promise<string> {
  const algorithm = { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' }
  const der = fromBase64(pkcs8)
  const key = await crypto.subtle.importKey('pkcs8', der, algorithm, false, ['sign'])
  const bytes = new TextEncoder().encode(message)
  return toBase64(new Uint8Array(await crypto.subtle.sign(algorithm.name, key, bytes)))
}

export function fromBase64(text: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(atob(text), (char) => char.charCodeAt(0))
}

export function toBase64(bytes: Uint8Array<ArrayBuffer>): string {
  // Not in one call: a long text has more bytes than a call has arguments.
  return btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(''))
}

export const ATTEMPT = 'P176722560000012345678' as AttemptId
export const REFUND = 'R176722560000012345678' as RefundId
export const TRANSACTION_ID = '4200000000202601010000000001'

export function nativePay(changes: Partial<PayInput> = {}): PayInput {
  return {
    attemptId: ATTEMPT,
    way: 'WX_NATIVE',
    amount: money(1234, 'CNY'),
    subject: '测试商品',
    body: 'a longer text',
    clientIp: '203.0.113.7',
    callbackUrl: 'https://pay.example.com/api/pay/notify/wxpay/A1',
    returnUrl: 'https://shop.example.com/back',
    expiresAtMs: NOW_MS + 7_200_000,
    splitting: false,
    extra: {},
    ...changes,
  }
}

export const jsapiPay = (changes: Partial<PayInput> = {}) =>
  nativePay({ way: 'WX_JSAPI', extra: { openid: 'oSharedOpenid000000000000001' }, ...changes })

export const ASKED = { attemptId: ATTEMPT, way: 'WX_NATIVE' } as const

export const REFUND_INPUT = {
  refundId: REFUND,
  attemptId: ATTEMPT,
  way: 'WX_NATIVE',
  channelPaymentNo: TRANSACTION_ID,
  amount: money(200, 'CNY'),
  total: money(1234, 'CNY'),
  reason: '多收了',
  callbackUrl: 'https://pay.example.com/api/refund/notify/wxpay/A1',
} as const

export const PAID = {
  appid: 'wx0000000000000001',
  mchid: ours.mchid,
  out_trade_no: ATTEMPT,
  transaction_id: TRANSACTION_ID,
  trade_type: 'NATIVE',
  trade_state: 'SUCCESS',
  trade_state_desc: '支付成功',
  bank_type: 'OTHERS',
  attach: '',
  success_time: '2026-01-01T08:00:09+08:00',
  payer: { openid: 'oSharedOpenid000000000000001' },
  amount: { total: 1234, payer_total: 1000, currency: 'CNY', payer_currency: 'CNY' },
} as const

export const REFUNDED = {
  refund_id: '50000000382019052709732678859',
  out_refund_no: REFUND,
  transaction_id: TRANSACTION_ID,
  out_trade_no: ATTEMPT,
  channel: 'ORIGINAL',
  user_received_account: '招商银行信用卡0403',
  success_time: '2026-01-01T08:05:00+08:00',
  create_time: '2026-01-01T08:04:00+08:00',
  status: 'SUCCESS',
  amount: { total: 1234, refund: 200, payer_total: 1000, payer_refund: 162, currency: 'CNY' },
} as const
