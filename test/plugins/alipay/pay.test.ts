import { describe, expect, it } from 'vitest'
import { type ChannelRequest, money, type PayInput } from '../../../core/plugin/api.ts'
import {
  ATTEMPT,
  answered,
  codePay,
  content,
  gatewayError,
  lost,
  ok,
  openWorld,
  PROVIDER_SETTINGS,
  page,
  pagePay,
  payInput,
  qrPay,
  refused,
  SETTINGS,
  sent,
  TRADE_NO,
  vectors,
} from './fake-alipay.ts'

const QR = { out_trade_no: ATTEMPT, qr_code: 'https://qr.alipay.com/bax07651xvtprxfkmxyf00a9' }
const MADE = { out_trade_no: ATTEMPT, trade_no: TRADE_NO }
const LITE = payInput('ALI_LITE', { extra: { buyerUserId: '2088000000000100' } })

/** What each way sends of an order. */
const ORDER = {
  out_trade_no: ATTEMPT,
  total_amount: '88.88',
  subject: '测试商品',
  body: 'a longer text',
  time_expire: '2026-01-01 10:00:00',
}

describe('a code that the payer scans', () => {
  it('is shown as Alipay answers it', async () => {
    const world = openWorld()
    world.answers(ok(QR))
    expect(await world.channel.pay(world.ports, qrPay())).toEqual({
      kind: 'requires_action',
      of: 'payer',
      presentation: { kind: 'qr_text', data: 'https://qr.alipay.com/bax07651xvtprxfkmxyf00a9' },
    })
  })

  it.each([
    ['ALI_QR', 'FACE_TO_FACE_PAYMENT'],
    ['ALI_OC', 'QR_CODE_OFFLINE'],
  ])('of %s asks for the product %s and for nothing that was not asked for', async (way, code) => {
    const world = openWorld()
    world.answers(ok(QR))
    await world.channel.pay(world.ports, payInput(way))
    const [request] = world.requests
    expect(request).toMatchObject({
      method: 'POST',
      url: 'https://openapi.alipay.com/gateway.do',
      headers: { 'Content-Type': 'application/x-www-form-urlencoded;charset=utf-8' },
      timeoutMs: 10_000,
    })
    expect(sent(request)).toEqual({
      app_id: '2021000000000001',
      method: 'alipay.trade.precreate',
      format: 'JSON',
      charset: 'utf-8',
      sign_type: 'RSA2',
      timestamp: '2026-01-01 08:00:00',
      version: '1.0',
      notify_url: 'https://pay.example.com/api/pay/notify/alipay/A1',
      biz_content: expect.any(String),
      sign: expect.stringMatching(/^[A-Za-z0-9+/]{342}==$/),
    })
    expect(content(request)).toEqual({ ...ORDER, product_code: code })
  })

  it('asks at the sandbox of Alipay when the settings say so', async () => {
    const world = openWorld({ ...SETTINGS, environment: 'sandbox' })
    world.answers(ok(QR))
    await world.channel.pay(world.ports, qrPay())
    expect(world.requests[0]?.url).toBe('https://openapi-sandbox.dl.alipaydev.com/gateway.do')
  })

  it('asks for the same when it is repeated later', async () => {
    const world = openWorld()
    world.answers(ok(QR))
    await world.channel.pay(world.ports, qrPay())
    world.later(60_000)
    world.answers(ok(QR))
    await world.channel.pay(world.ports, qrPay())
    const [first, second] = world.requests
    expect(sent(second).biz_content).toBe(sent(first).biz_content)
    expect(sent(second).timestamp).toBe('2026-01-01 08:01:00')
  })

  it('is not asked for when its time is over', async () => {
    const world = openWorld()
    world.later(7_200_000)
    expect(await world.channel.pay(world.ports, qrPay())).toMatchObject({ kind: 'not_sent' })
    expect(world.requests).toEqual([])
  })

  it.each([
    { fen: 1, yuan: '0.01' },
    { fen: 10, yuan: '0.10' },
    { fen: 100, yuan: '1.00' },
    { fen: 10_000_000_000, yuan: '100000000.00' },
  ])('writes $fen fen as $yuan yuan', async ({ fen, yuan }) => {
    const world = openWorld()
    world.answers(ok(QR))
    await world.channel.pay(world.ports, qrPay({ amount: money(fen, 'CNY') }))
    expect(content(world.requests[0])).toMatchObject({ total_amount: yuan })
  })

  it.each([
    { subject: '长'.repeat(256), shown: '长'.repeat(256) },
    { subject: '长'.repeat(257), shown: '长'.repeat(256) },
    { subject: '😀'.repeat(257), shown: '😀'.repeat(256) },
    { subject: 'half \ud83d', shown: 'half \ufffd' },
    { subject: '1+1=2 & 100%', shown: '1+1=2 & 100%' },
  ])('cuts a subject after 256 characters, never inside of one (%#)', async (given) => {
    const world = openWorld()
    world.answers(ok(QR))
    await world.channel.pay(world.ports, qrPay({ subject: given.subject }))
    expect(content(world.requests[0])).toMatchObject({ subject: given.shown })
  })

  it('cuts a body after 128 characters, and leaves out an empty one', async () => {
    const world = openWorld()
    world.answers(ok(QR))
    await world.channel.pay(world.ports, qrPay({ body: '长'.repeat(129) }))
    expect(content(world.requests[0])).toMatchObject({ body: '长'.repeat(128) })
    world.answers(ok(QR))
    await world.channel.pay(world.ports, qrPay({ body: '' }))
    expect(content(world.requests[1])).not.toHaveProperty('body')
  })

  it('tells Alipay at once when the money will be shared out, and whose rebate it is', async () => {
    const world = openWorld(PROVIDER_SETTINGS)
    world.answers(ok(QR))
    await world.channel.pay(world.ports, qrPay({ splitting: true }))
    expect(content(world.requests[0])).toMatchObject({
      extend_params: { sys_service_provider_id: '2088000000000009', royalty_freeze: 'true' },
    })
  })
})

describe('a payment inside Alipay', () => {
  it.each([
    ['ALI_JSAPI', pagePay()],
    ['ALI_LITE', LITE],
  ])('of %s hands over the number of the trade', async (_way, input) => {
    const world = openWorld()
    world.answers(ok(MADE))
    expect(await world.channel.pay(world.ports, input)).toEqual({
      kind: 'requires_action',
      of: 'payer',
      presentation: {
        kind: 'alipay_client',
        data: '{"alipayTradeNo":"2026010122001400000000000001"}',
      },
      channelPaymentNo: TRADE_NO,
    })
  })

  it.each([
    ['ALI_JSAPI', '2088000000000100', { buyer_id: '2088000000000100' }],
    ['ALI_JSAPI', '0712sharedOpenId-_1', { buyer_open_id: '0712sharedOpenId-_1' }],
    [
      'ALI_LITE',
      '2088000000000100',
      { product_code: 'JSAPI_PAY', op_app_id: SETTINGS.appId, buyer_id: '2088000000000100' },
    ],
    [
      'ALI_LITE',
      '0712sharedOpenId-_1',
      {
        product_code: 'JSAPI_PAY',
        op_app_id: SETTINGS.appId,
        buyer_open_id: '0712sharedOpenId-_1',
      },
    ],
  ])('of %s names the payer %s', async (way, buyerUserId, named) => {
    const world = openWorld()
    world.answers(ok(MADE))
    await world.channel.pay(world.ports, payInput(way, { extra: { buyerUserId } }))
    expect(sent(world.requests[0]).method).toBe('alipay.trade.create')
    expect(content(world.requests[0])).toEqual({ ...ORDER, ...named })
  })

  it('names the mini program that the settings name, whose open ids are its own', async () => {
    const world = openWorld({ ...SETTINGS, miniProgramAppId: '2021000000000077' })
    world.answers(ok(MADE))
    const extra = { buyerUserId: '0712miniOpenId' }
    await world.channel.pay(world.ports, payInput('ALI_LITE', { extra }))
    expect(content(world.requests[0])).toEqual({
      ...ORDER,
      product_code: 'JSAPI_PAY',
      op_app_id: '2021000000000077',
      op_buyer_open_id: '0712miniOpenId',
    })
  })
})

/** The parameters that a payer's browser or app carries to Alipay. */
function carried(text: string): Record<string, string> {
  return Object.fromEntries(new URLSearchParams(text))
}

async function shown(input: PayInput, settings: object = SETTINGS) {
  const world = openWorld(settings)
  const outcome = await world.channel.pay(world.ports, input)
  expect(world.requests).toEqual([])
  if (outcome.kind !== 'requires_action') throw new Error(outcome.kind)
  expect(outcome).not.toHaveProperty('channelPaymentNo')
  return outcome.presentation
}

describe('a payment that is signed without a call', () => {
  it('of an app is the order string, in order, each value encoded once', async () => {
    const { kind, data } = await shown(payInput('ALI_APP', { subject: '1+1=2 & 100%' }))
    expect(kind).toBe('alipay_client')
    expect(data).toMatch(
      /^app_id=2021000000000001&biz_content=%7B%22out_trade_no%22.*&charset=utf-8&format=JSON&method=alipay\.trade\.app\.pay&notify_url=https%3A%2F%2Fpay\.example\.com%2Fapi%2Fpay%2Fnotify%2Falipay%2FA1&sign=[^&+/]*&sign_type=RSA2&timestamp=2026-01-01%2008%3A00%3A00&version=1\.0$/,
    )
    expect(JSON.parse(carried(data).biz_content ?? '')).toEqual({
      ...ORDER,
      subject: '1+1=2 & 100%',
      product_code: 'QUICK_MSECURITY_PAY',
    })
  })

  it.each([
    ['ALI_WAP', 'alipay.trade.wap.pay', 'QUICK_WAP_WAY'],
    ['ALI_PC', 'alipay.trade.page.pay', 'FAST_INSTANT_TRADE_PAY'],
  ])('of %s is a link to Alipay', async (way, method, product) => {
    const { kind, data } = await shown(payInput(way))
    expect(kind).toBe('redirect_url')
    const url = new URL(data)
    expect(`${url.origin}${url.pathname}`).toBe('https://openapi.alipay.com/gateway.do')
    const fields = carried(url.search)
    expect(fields).toMatchObject({
      method,
      notify_url: 'https://pay.example.com/api/pay/notify/alipay/A1',
      return_url: 'https://pay.example.com/api/pay/return/alipay/A1',
    })
    const back = 'https://pay.example.com/api/pay/return/alipay/A1'
    expect(JSON.parse(fields.biz_content ?? '')).toEqual({
      ...ORDER,
      product_code: product,
      ...(way === 'ALI_WAP' && { quit_url: back }),
    })
  })

  it.each(['ALI_WAP', 'ALI_PC'])(
    'of %s is a form where one is wanted, with nothing in it that a browser would run',
    async (way) => {
      const subject = `"><script>alert('x')</script>&amp;`
      const { kind, data } = await shown(payInput(way, { subject, wants: 'html_form' }))
      expect(kind).toBe('html_form')
      expect(data.match(/<script>/g)).toHaveLength(1)
      const action = /action="([^"]*)"/.exec(data)?.[1]?.replaceAll('&amp;', '&') ?? ''
      expect(carried(new URL(action).search)).not.toHaveProperty('biz_content')
      const value = /name="biz_content" value="([^"]*)"/.exec(data)?.[1] ?? ''
      expect(value).not.toMatch(/[<>']/)
      const decoded = value
        .replaceAll('&quot;', '"')
        .replaceAll('&lt;', '<')
        .replaceAll('&gt;', '>')
        .replaceAll('&#39;', "'")
        .replaceAll('&amp;', '&')
      expect(JSON.parse(decoded)).toMatchObject({ subject })
    },
  )

  it.each(['ALI_QR', 'ALI_APP'])('of %s has no form, and shows its usual thing', async (way) => {
    const world = openWorld()
    world.answers(ok(QR))
    const outcome = await world.channel.pay(world.ports, payInput(way, { wants: 'html_form' }))
    expect(outcome).toMatchObject({
      presentation: { kind: way === 'ALI_QR' ? 'qr_text' : 'alipay_client' },
    })
  })

  it.each(['ALI_APP', 'ALI_WAP', 'ALI_PC'])(
    'of %s is not signed when its time is over',
    async (way) => {
      const world = openWorld()
      world.later(7_200_000)
      expect(await world.channel.pay(world.ports, payInput(way))).toMatchObject({
        kind: 'not_sent',
      })
    },
  )

  it.each(['ALI_APP', 'ALI_WAP', 'ALI_PC'])(
    'of %s carries the token of the merchant, and its content readable',
    async (way) => {
      const settings = { ...PROVIDER_SETTINGS, contentKey: vectors.ours.aes.key }
      const { data } = await shown(payInput(way), settings)
      const fields = carried(data.includes('?') ? new URL(data).search : data)
      expect(fields.app_auth_token).toBe('202601BBshared0000000000000000000001')
      expect(fields).not.toHaveProperty('encrypt_type')
      expect(JSON.parse(fields.biz_content ?? '')).toMatchObject({ out_trade_no: ATTEMPT })
    },
  )
})

describe.each([
  ['ALI_QR', qrPay(), QR],
  ['ALI_JSAPI', pagePay(), MADE],
  ['ALI_LITE', LITE, MADE],
] as const)('an order of %s', (_way, input, answer) => {
  const ask = async (answers: Parameters<ReturnType<typeof openWorld>['answers']>[0]) => {
    const world = openWorld()
    world.answers(answers)
    return world.channel.pay(world.ports, input)
  }

  it.each([
    ['nobody answers', lost],
    ['a proxy answers', page(502, '<html>502 Bad Gateway</html>')],
    ['the answer is empty', page(200, '')],
    ['the answer is no JSON', page(200, '<html></html>')],
    ['the answer is cut off', ok(answer, { tamper: (text) => text.slice(0, -30) })],
    ['somebody else signed the answer', ok(answer, { by: vectors.ours.app_private_key_pkcs8 })],
    ['nobody signed the answer', ok(answer, { sign: '' })],
    ['the answer was changed', ok(answer, { tamper: (text) => text.replace(ATTEMPT, 'P2') })],
    ['it is the answer to another question', ok(answer, { node: 'alipay_trade_query_response' })],
    ['success stands where errors do', ok(answer, { node: 'error_response' })],
    ['the answer is about another payment', ok({ ...answer, out_trade_no: 'P2' })],
    ['the answer lacks what was asked for', ok({ out_trade_no: ATTEMPT })],
    ['the answer is a list', answered([])],
    ['the service was not available', gatewayError('20000', 'isp.unknow-error')],
    ['the system had an error', refused('ACQ.SYSTEM_ERROR')],
    ['the number was paid before', refused('ACQ.TRADE_HAS_SUCCESS')],
    ['the number was used for another order', refused('ACQ.CONTEXT_INCONSISTENT')],
    ['a refusal is not signed', refused('ACQ.INVALID_PARAMETER', { sign: '' })],
    ['a refusal is signed by somebody else', refused('ACQ.INVALID_PARAMETER', { sign: 'AAAA' })],
  ])('is unknown when %s', async (_because, answers) => {
    expect(await ask(answers)).toMatchObject({ kind: 'unknown' })
  })

  it.each([
    ['ACQ.INVALID_PARAMETER', 'invalid_request', 'never'],
    ['ACQ.TRADE_HAS_CLOSE', 'already_closed', 'new_attempt'],
    ['ACQ.ACCESS_FORBIDDEN', 'unauthorised', 'new_attempt'],
    ['ACQ.NOBODY_HAS_HEARD_OF_THIS', 'unmapped', 'never'],
  ])('has failed when Alipay refuses it with %s', async (code, errorClass, retry) => {
    expect(await ask(refused(code))).toMatchObject({
      kind: 'failed',
      error: { code, class: errorClass, retry, message: '说明' },
    })
  })

  it.each([
    ['40001', 'isv.missing-method'],
    ['40002', 'isv.invalid-signature'],
    ['40002', 'isv.invalid-app-id'],
    ['40003', ''],
    ['40006', 'isv.insufficient-isv-permissions'],
    ['20001', 'aop.invalid-app-auth-token'],
  ])('has failed when the gateway turns it away with %s %s, signed or not', async (code, sub) => {
    const options = { node: 'error_response' }
    for (const sign of [undefined, '']) {
      const answers = gatewayError(code, sub, { ...options, ...(sign !== undefined && { sign }) })
      expect(await ask(answers)).toMatchObject({ kind: 'failed', error: { code: sub || code } })
    }
  })

  it('was not sent when the gateway has too many calls', async () => {
    expect(await ask(gatewayError('40005', 'isv.app-call-limited'))).toMatchObject({
      kind: 'not_sent',
    })
  })
})

it('signs every call so that its very parameters verify, whatever is in them', async () => {
  const inputs = [
    qrPay({ subject: '测试 1+1=2 & 100% "quoted" \\ /', body: 'a\nb' }),
    pagePay({ subject: '😀' }),
    codePay({ subject: ' lead and trail ' }),
  ]
  for (const input of inputs) {
    const world = openWorld(PROVIDER_SETTINGS)
    world.answers(lost)
    await world.channel.pay(world.ports, input)
    expect(await verified(world.requests[0])).toBe(true)
  }
})

async function verified(request: ChannelRequest | undefined): Promise<boolean> {
  const { sign = '', ...fields } = sent(request)
  const text = Object.keys(fields)
    .sort()
    .map((name) => `${name}=${fields[name]}`)
    .join('&')
  const algorithm = { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' }
  const bytes = (base64: string) => Uint8Array.from(atob(base64), (char) => char.charCodeAt(0))
  const pkcs8 = bytes(SETTINGS.appPrivateKey)
  const own = await crypto.subtle.importKey('pkcs8', pkcs8, algorithm, true, ['sign'])
  const { n, e } = await crypto.subtle.exportKey('jwk', own)
  const jwk = { kty: 'RSA', ...(n && { n }), ...(e && { e }) }
  const key = await crypto.subtle.importKey('jwk', jwk, algorithm, false, ['verify'])
  const message = new TextEncoder().encode(text)
  return crypto.subtle.verify(algorithm.name, key, bytes(sign), message)
}
