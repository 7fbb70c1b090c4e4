import type {
  AttemptId,
  BoundChannel,
  ChannelPorts,
  ChannelRequest,
  HttpAnswer,
  InboundCall,
  PayInput,
  RefundId,
  SplitId,
  TransferId,
} from '../../../core/plugin/api.ts'
import { money } from '../../../core/plugin/api.ts'
import type { LogFields, LogLevel } from '../../../core/ports.ts'
import { alipay } from '../../../plugins/alipay/index.ts'
import vectors from '../../vectors/alipay.json' with { type: 'json' }

export { vectors }

const { ours, certificates } = vectors

/** 2026-01-01T00:00:00Z, eight in the morning in Beijing. */
export const NOW_MS = 1_767_225_600_000

export const SETTINGS = {
  environment: 'production',
  appId: '2021000000000001',
  sellerId: '2088000000000001',
  mode: 'key',
  appPrivateKey: ours.app_private_key_pkcs8,
  alipayPublicKey: ours.alipay_public_key_spki,
} as const

export const CERTIFICATE_SETTINGS = {
  environment: 'production',
  appId: '2021000000000001',
  sellerId: '2088000000000001',
  mode: 'certificate',
  appPrivateKey: ours.app_private_key_pkcs8,
  appCert: certificates.app,
  // As the console gives it out: the certificate, and then the one that signed it.
  alipayCert: certificates.alipay + certificates.class_2,
  alipayRootCert: vectors.published.certificates.roots.file + certificates.root,
} as const

/** Computed by alipay-sdk from the same certificate. */
export const APP_SERIAL = '5e3ecc6669d86bb955b760648618a12d'

export const PROVIDER_SETTINGS = {
  ...SETTINGS,
  appAuthToken: '202601BBshared0000000000000000000001',
  serviceProviderId: '2088000000000009',
} as const

export const ENCRYPTED_SETTINGS = { ...SETTINGS, contentKey: ours.aes.key } as const

type Answerer = (request: ChannelRequest) => Promise<HttpAnswer>

export interface World {
  readonly channel: BoundChannel
  readonly ports: ChannelPorts
  /** Every request, in order. */
  readonly requests: readonly ChannelRequest[]
  readonly logs: readonly { level: LogLevel; message: string; fields: LogFields | undefined }[]
  /** The next call is answered so. */
  answers(answer: Answerer): void
  now(): number
  later(ms: number): void
}

/** A merchant, and an Alipay that says what it is told to say. Nothing of Node's is used. */
export function openWorld(settings: object = SETTINGS): World {
  const bound = alipay.bind(settings)
  if (!bound.ok) throw new Error(bound.refusal.join('; '))
  let nowMs = NOW_MS
  const script: Answerer[] = []
  const requests: ChannelRequest[] = []
  const logs: { level: LogLevel; message: string; fields: LogFields | undefined }[] = []
  const cache = new Map<string, { value: string; untilMs: number }>()
  return {
    channel: bound.value,
    requests,
    logs,
    answers: (answer) => script.push(answer),
    now: () => nowMs,
    later: (ms) => {
      nowMs += ms
    },
    ports: {
      clock: { now: () => nowMs, sleep: async () => {} },
      random: { bytes: (length) => new Uint8Array(length) },
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

/** The parameters of a call, decoded. */
export function sent(request: ChannelRequest | undefined): Record<string, string> {
  return Object.fromEntries(new URLSearchParams(String(request?.body)))
}

/** The business parameters of a call. */
export function content(request: ChannelRequest | undefined): unknown {
  return JSON.parse(sent(request).biz_content ?? 'null')
}

export interface AnswerOptions {
  /** PKCS#8, base64. */
  readonly by?: string
  /** Names the certificate that it is signed with. */
  readonly serial?: string
  /** What stands in the answer instead of the signature; nothing leaves it out. */
  readonly sign?: string
  readonly node?: string
  /** Changes the text of the answer, after it was signed. */
  readonly tamper?: (text: string) => string
}

/** An answer of the gateway, its slashes escaped as Alipay escapes them. */
export function answered(body: unknown, options: AnswerOptions = {}): Answerer {
  return async (request) => {
    const method = sent(request).method ?? ''
    const node = options.node ?? `${method.replaceAll('.', '_')}_response`
    const text = typeof body === 'string' ? body : JSON.stringify(body).replaceAll('/', '\\/')
    const sign = options.sign ?? (await rsaSign(options.by ?? ours.alipay_private_key_pkcs8, text))
    const outer = [
      `"${node}":${text}`,
      ...(options.serial === undefined ? [] : [`"alipay_cert_sn":"${options.serial}"`]),
      ...(sign === '' ? [] : [`"sign":"${sign}"`]),
    ]
    const whole = `{${outer.join(',')}}`
    return page(200, options.tamper?.(whole) ?? whole)(request)
  }
}

/** Success, with what the operation brings. */
export function ok(body: object, options: AnswerOptions = {}): Answerer {
  return answered({ code: '10000', msg: 'Success', ...body }, options)
}

/** A refusal of the business behind the gateway. */
export function refused(subCode: string, options: AnswerOptions = {}): Answerer {
  return gatewayError('40004', subCode, options)
}

export function gatewayError(code: string, subCode: string, options: AnswerOptions = {}): Answerer {
  const body = { code, msg: 'Business Failed', sub_code: subCode, sub_msg: '说明' }
  return answered(body, options)
}

/** Any HTTP answer. */
export function page(status: number, text: string): Answerer {
  return async () => ({
    kind: 'answered',
    status,
    headers: new Headers({ trace_id: '0a1b2c', 'content-type': 'text/html;charset=utf-8' }),
    body: new TextEncoder().encode(text),
  })
}

export const lost: Answerer = async () => ({ kind: 'unknown', evidence: 'reset' })

export interface NoticeOptions {
  readonly by?: string
  /** Messages of the application's gateway keep `sign_type` in what is signed. */
  readonly typed?: boolean
  readonly tamper?: (form: URLSearchParams) => void
}

/** A callback, signed as Alipay does. */
export async function notice(
  fields: Readonly<Record<string, string>>,
  { by = ours.alipay_private_key_pkcs8, typed = false, tamper }: NoticeOptions = {},
): Promise<InboundCall> {
  const signed: Record<string, string> = typed ? { ...fields, sign_type: 'RSA2' } : { ...fields }
  const text = Object.keys(signed)
    .sort()
    .map((name) => `${name}=${signed[name]}`)
    .join('&')
  const form = new URLSearchParams({ ...fields, sign_type: 'RSA2', sign: await rsaSign(by, text) })
  tamper?.(form)
  return inbound(form.toString())
}

export function inbound(body: string | Uint8Array<ArrayBuffer>): InboundCall {
  return {
    method: 'POST',
    url: '/api/pay/notify/alipay/A1',
    headers: { 'content-type': 'application/x-www-form-urlencoded; charset=utf-8' },
    body: typeof body === 'string' ? new TextEncoder().encode(body) : body,
    receivedAtMs: NOW_MS,
  }
}

export async function rsaSign(pkcs8: string, message: string): Promise<string> {
  const algorithm = { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' }
  const key = await crypto.subtle.importKey('pkcs8', fromBase64(pkcs8), algorithm, false, ['sign'])
  const bytes = new TextEncoder().encode(message)
  return toBase64(new Uint8Array(await crypto.subtle.sign(algorithm.name, key, bytes)))
}

export function fromBase64(text: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(atob(text), (char) => char.charCodeAt(0))
}

export function toBase64(bytes: Uint8Array): string {
  return btoa(String.fromCharCode(...bytes))
}

export const ATTEMPT = 'P176722560000012345678' as AttemptId
export const REFUND = 'R176722560000012345678' as RefundId
export const SPLIT = 'S176722560000012345678' as SplitId
export const TRANSFER = 'T176722560000012345678' as TransferId
export const TRADE_NO = '2026010122001400000000000001'

export function payInput(way: string, changes: Partial<PayInput> = {}): PayInput {
  return {
    attemptId: ATTEMPT,
    way,
    amount: money(8888, 'CNY'),
    subject: '测试商品',
    body: 'a longer text',
    clientIp: '203.0.113.7',
    callbackUrl: 'https://pay.example.com/api/pay/notify/alipay/A1',
    returnUrl: 'https://pay.example.com/api/pay/return/alipay/A1',
    expiresAtMs: NOW_MS + 7_200_000,
    splitting: false,
    extra: {},
    ...changes,
  }
}

export const qrPay = (changes: Partial<PayInput> = {}) => payInput('ALI_QR', changes)
export const codePay = (changes: Partial<PayInput> = {}) =>
  payInput('ALI_BAR', { extra: { authCode: '281234567890123456' }, ...changes })
export const pagePay = (changes: Partial<PayInput> = {}) =>
  payInput('ALI_JSAPI', { extra: { buyerUserId: '2088000000000100' }, ...changes })

export const ASKED = { attemptId: ATTEMPT, way: 'ALI_QR' } as const
export const ASKED_CODE = { attemptId: ATTEMPT, way: 'ALI_BAR' } as const

export const REFUND_INPUT = {
  refundId: REFUND,
  attemptId: ATTEMPT,
  way: 'ALI_QR',
  channelPaymentNo: TRADE_NO,
  amount: money(200, 'CNY'),
  total: money(8888, 'CNY'),
  reason: '多收了',
  callbackUrl: 'https://pay.example.com/api/refund/notify/alipay/A1',
} as const

export const RECEIVER = {
  kind: 'merchant',
  account: '2088000000000200',
  relation: 'PARTNER',
} as const

export const SPLIT_INPUT = {
  splitId: SPLIT,
  attemptId: ATTEMPT,
  channelPaymentNo: TRADE_NO,
  finishes: false,
  shares: [{ receiver: RECEIVER, amount: money(888, 'CNY'), description: '分账' }],
} as const

export const TRANSFER_INPUT = {
  transferId: TRANSFER,
  entry: 'ALIPAY_CASH',
  amount: money(1234, 'CNY'),
  account: '2088000000000300',
  description: '工资',
  clientIp: '203.0.113.7',
  callbackUrl: 'https://pay.example.com/api/transfer/notify/alipay/T1',
  extra: {},
} as const

/** A trade that was paid, as a query answers it. */
export const PAID = {
  out_trade_no: ATTEMPT,
  trade_no: TRADE_NO,
  trade_status: 'TRADE_SUCCESS',
  total_amount: '88.88',
  receipt_amount: '80.00',
  buyer_pay_amount: '80.00',
  send_pay_date: '2026-01-01 08:00:05',
  buyer_logon_id: '159****5620',
  buyer_open_id: '0712sharedOpenId-_1',
}

/** The same, as a callback tells it. */
export const TOLD_PAID = {
  notify_type: 'trade_status_sync',
  notify_id: '2026010101222080006000000000000001',
  notify_time: '2026-01-01 08:00:06',
  charset: 'utf-8',
  version: '1.0',
  app_id: '2021000000000001',
  auth_app_id: '2021000000000001',
  seller_id: '2088000000000001',
  out_trade_no: ATTEMPT,
  trade_no: TRADE_NO,
  trade_status: 'TRADE_SUCCESS',
  total_amount: '88.88',
  receipt_amount: '88.88',
  gmt_create: '2026-01-01 08:00:00',
  gmt_payment: '2026-01-01 08:00:05',
  buyer_open_id: '0712sharedOpenId-_1',
  subject: '测试商品 1+1=2 & 100%',
}
