import { describe, expect, it } from 'vitest'
import { FIRST_CERTIFICATE } from '../../../../plugins/alipay/sandbox/crypto/certificates.ts'
import { DEMO_APP_KEY } from '../../../../plugins/alipay/sandbox/crypto/keys.ts'
import { CERTIFIED, DEMO, NUMBER, openAlipayKit, order, PROVIDER, ROOT_SN } from './alipay-kit.ts'

const PRECREATE = 'alipay.trade.precreate'
const QUERY = 'alipay.trade.query'

describe('who may call', () => {
  it.each(['query', 'body', 'split'] as const)(
    'takes parameters wherever they stand: %s',
    async (place) => {
      const { call } = openAlipayKit()
      const answer = await call(PRECREATE, order(), { place })
      expect(answer).toMatchObject({ status: 200, verified: true, node: { code: '10000' } })
    },
  )

  it('ignores what is empty, and signs nothing of it', async () => {
    const { call } = openAlipayKit()
    const answer = await call(PRECREATE, order(), { fields: { return_url: '' } })
    expect(answer.node).toMatchObject({ code: '10000' })
  })

  it('verifies values as they were before they were escaped', async () => {
    const { call } = openAlipayKit()
    const subject = '1+1=2 & 100% "真的" /路径'
    const fields = { notify_url: 'https://pay.example.com/n?a=b&c=d' }
    expect((await call(PRECREATE, order({ subject }), { fields })).node.code).toBe('10000')
  })

  it('reads a call in GBK, and answers in it', async () => {
    const { simulator, request } = openAlipayKit()
    // The kit signs UTF-8; of ASCII the bytes are the same.
    const asked = request(PRECREATE, order({ subject: 'test' }), { fields: { charset: 'GBK' } })
    const answer = await simulator.serve(asked)
    if (typeof answer === 'string') throw new Error(answer)
    expect(answer.headers.get('content-type')).toBe('text/html;charset=gbk')
  })

  it.each<[string, Record<string, string | undefined>, string, string]>([
    ['no app_id', { app_id: undefined }, '40001', 'isv.missing-app-id'],
    ['an unknown app_id', { app_id: '2021000000000404' }, '40002', 'isv.invalid-app-id'],
  ])('does not sign its answer to %s', async (_what, fields, code, sub_code) => {
    const { call } = openAlipayKit()
    const answer = await call(QUERY, { out_trade_no: NUMBER }, { fields })
    expect(answer).toMatchObject({
      status: 200,
      name: 'alipay_trade_query_response',
      node: { code, sub_code },
      signed: false,
    })
  })

  it.each<[string, Record<string, string | undefined>, string, string]>([
    ['no timestamp', { timestamp: undefined }, '40001', 'isv.missing-timestamp'],
    ['no sign_type', { sign_type: undefined }, '40001', 'isv.missing-signature-type'],
    ['no version', { version: undefined }, '40001', 'isv.missing-version'],
    ['a timestamp of another form', { timestamp: '1767225600' }, '40002', 'isv.invalid-timestamp'],
    ['a day that is none', { timestamp: '2026-02-30 08:00:00' }, '40002', 'isv.invalid-timestamp'],
    ['the time of UTC', { timestamp: '2026-01-01 00:00:00' }, '40002', 'isv.invalid-timestamp'],
    ['a charset of elsewhere', { charset: 'latin1' }, '40002', 'isv.invalid-charset'],
    ['another format', { format: 'XML' }, '40002', 'isv.invalid-format'],
    ['another version', { version: '2.0' }, '40002', 'isv.invalid-parameter'],
    ['a strange sign_type', { sign_type: 'HMAC' }, '40002', 'isv.invalid-signature-type'],
    ['SHA-1', { sign_type: 'RSA' }, '40003', 'isv.missing-signature-config'],
    ['a certificate, of a key app', { app_cert_sn: 'ab' }, '40002', 'isv.app-cert-not-exist'],
    ['a token of nobody', { app_auth_token: 'x' }, '20001', 'aop.invalid-app-auth-token'],
  ])('refuses %s, and signs that', async (_what, fields, code, sub_code) => {
    const { call } = openAlipayKit()
    const answer = await call(QUERY, { out_trade_no: NUMBER }, { fields })
    expect(answer).toMatchObject({ status: 200, node: { code, sub_code }, verified: true })
  })

  it.each([
    [600, '10000'],
    [601, '40002'],
    [-600, '10000'],
    [-601, '40002'],
  ])('answers a call that is %i seconds old with %s', async (ageSeconds, code) => {
    const { call, now } = openAlipayKit()
    const sentAtMs = now() + 28_800_000 - ageSeconds * 1000
    const timestamp = new Date(sentAtMs).toISOString().slice(0, 19).replace('T', ' ')
    expect((await call(PRECREATE, order(), { fields: { timestamp } })).node.code).toBe(code)
  })

  it('shows what it has verified to whom it does not believe', async () => {
    const { call } = openAlipayKit()
    const tamper = { biz_content: '{"out_trade_no":"another"}' }
    const { node, verified } = await call(QUERY, { out_trade_no: NUMBER }, { tamper })
    expect(verified).toBe(true)
    expect(node).toMatchObject({ code: '40002', sub_code: 'isv.invalid-signature' })
    expect(node.sub_msg).toContain(
      '网关生成的验签字符串为：app_id=2021000000000001&amp;biz_content={&quot;out_trade_no&quot;:&quot;another&quot;}&amp;charset=utf-8',
    )
  })

  it('knows no app by the key of another', async () => {
    const { call } = openAlipayKit()
    const strange = { appId: DEMO.appId, privateKey: PROVIDER.privateKey }
    const { node } = await call(QUERY, { out_trade_no: NUMBER }, { as: strange })
    expect(node.sub_code).toBe('isv.invalid-signature')
  })

  it.each([
    ['alipay.trade.nothing', '40002', 'isv.invalid-method'],
    ['', '40001', 'isv.missing-method'],
    ['constructor', '40002', 'isv.invalid-method'],
  ])('answers the method "%s" under error_response', async (method, code, sub_code) => {
    const { call } = openAlipayKit()
    const answer = await call(method, {})
    expect(answer).toMatchObject({
      name: 'error_response',
      node: { code, sub_code },
      signed: false,
    })
  })

  it('refuses an app what it has not been given', async () => {
    const { call, simulator } = openAlipayKit()
    await simulator.enrolApp({
      appId: '2021000000000055',
      sellerId: '2088000000000001',
      signing: { mode: 'key', publicKey: DEMO_APP_KEY.publicKey },
      contentKey: null,
      payerIds: 'user_id',
      lacks: ['alipay.trade.refund'],
    })
    const as = { ...DEMO, appId: '2021000000000055' }
    const { node } = await call('alipay.trade.refund', { out_trade_no: NUMBER }, { as })
    expect(node).toMatchObject({ code: '40006', sub_code: 'isv.insufficient-isv-permissions' })
    expect((await call(PRECREATE, order(), { as })).node.code).toBe('10000')
  })

  it('takes SHA-1 of who may still use it, and answers with it', async () => {
    const { call } = openAlipayKit({ legacyRsa: 'accepted' })
    const answer = await call(PRECREATE, order(), { fields: { sign_type: 'RSA' } })
    expect(answer).toMatchObject({ node: { code: '10000' }, signed: true, verified: false })
  })

  it('answers an unknown path with 404', async () => {
    const { simulator } = openAlipayKit()
    const answer = await simulator.serve(new Request('https://openapi.alipay.com/nowhere'))
    expect(answer).toMatchObject({ status: 404 })
  })
})

describe('certificate mode', () => {
  it.each([
    ['first', '5caae074d6698e4def5ed66b807a4082'],
    ['renewed', 'd25220376cdfccc94487251a0accda87'],
    ['replaced', '141d06494391f70c0f47cebe9d17d7e6'],
  ] as const)('answers with the %s certificate’s serial', async (certificate, sn) => {
    const { call } = openAlipayKit({ certificate })
    const answer = await call(PRECREATE, order(), { as: CERTIFIED })
    expect(answer).toMatchObject({ certificateSn: sn, verified: true, node: { code: '10000' } })
  })

  it('puts the serial in front of the node, or behind it', async () => {
    const { call } = openAlipayKit()
    const firsts = new Set<string>()
    for (let count = 0; count < 20; count += 1) {
      const { text } = await call(QUERY, { out_trade_no: NUMBER }, { as: CERTIFIED })
      firsts.add(text.slice(0, 16))
    }
    expect([...firsts].sort()).toEqual(['{"alipay_cert_sn', '{"alipay_trade_q'])
  })

  it.each<[string, Record<string, string | undefined>, string]>([
    ['no app_cert_sn', { app_cert_sn: undefined }, 'isv.missing-app-cert-sn'],
    ['a certificate of another', { app_cert_sn: 'f'.repeat(32) }, 'isv.app-cert-not-exist'],
    ['no root', { alipay_root_cert_sn: undefined }, 'isv.missing-alipay-root-cert-sn'],
    [
      'a root that counts what it should skip',
      { alipay_root_cert_sn: `${'0'.repeat(32)}_${ROOT_SN}` },
      'isv.invalid-alipay-root-cert-sn',
    ],
  ])('refuses %s', async (_what, fields, sub_code) => {
    const { call } = openAlipayKit()
    const { node } = await call(QUERY, { out_trade_no: NUMBER }, { as: CERTIFIED, fields })
    expect(node).toMatchObject({ code: '40002', sub_code })
  })

  it('hands out the certificate behind a serial', async () => {
    const { call } = openAlipayKit()
    const method = 'alipay.open.app.alipaycert.download'
    const alipay_cert_sn = '5caae074d6698e4def5ed66b807a4082'
    const { node } = await call(method, { alipay_cert_sn }, { as: CERTIFIED })
    const file = Buffer.from(String(node.alipay_cert_content), 'base64').toString()
    expect(file).toBe(FIRST_CERTIFICATE.certificate)
    const unknown = await call(method, { alipay_cert_sn: 'f'.repeat(32) }, { as: CERTIFIED })
    expect(unknown.node.sub_code).toBe('isv.alipay-cert-not-exist')
  })

  it('lets money out for apps with a certificate alone', async () => {
    const { call } = openAlipayKit()
    const answer = await call('alipay.fund.trans.uni.transfer', {})
    expect(answer).toMatchObject({
      node: { code: '40002', sub_code: 'isv.missing-app-cert-sn' },
      verified: true,
    })
  })
})

describe('how it answers', () => {
  it('escapes slashes, and signs the characters as they are sent', async () => {
    const { call } = openAlipayKit()
    const answer = await call(PRECREATE, order())
    expect(answer.headers.get('content-type')).toBe('text/html;charset=utf-8')
    expect(answer.headers.get('trace_id')).toMatch(/^[0-9a-f]{30}$/)
    expect(answer.raw).toMatch(
      /^\{"code":"10000","msg":"Success","out_trade_no":"T20260101000001","qr_code":"https:\\\/\\\/qr\.alipay\.com\\\/bax\w{21}"\}$/,
    )
    expect(answer.text).toBe(
      `{"alipay_trade_precreate_response":${answer.raw},"sign":"${JSON.parse(answer.text).sign}"}`,
    )
  })

  it('encrypts its answer to an encrypted call', async () => {
    const { call } = openAlipayKit({ encryption: 'on' })
    // {"out_trade_no":"S1","subject":"测试"} under the demo content key: a vector of the reference.
    const raw = 'G7PYcjyAquhKW/Z/PmtCC/fs1abACOu0elxGrYR/ILxjKxTiqsX2K7KheZjDWNwB'
    const answer = await call(PRECREATE, undefined, { raw, fields: { encrypt_type: 'AES' } })
    expect(answer.raw).toMatch(/^"[A-Za-z0-9+\\/=]+"$/)
    expect(answer.verified).toBe(true)
    const refused = await call(PRECREATE, undefined, {
      raw: 'AAAA',
      fields: { encrypt_type: 'AES' },
    })
    expect(refused.node.sub_code).toBe('isv.decryption-error-unknown')
  })

  it.each([
    ['without a key', 'off', 'AES', 'isv.decryption-error-not-valid-encrypt-key'],
    ['in another way', 'on', 'SM4', 'isv.invalid-encrypt-type'],
  ] as const)('refuses content encrypted %s', async (_how, encryption, encrypt_type, sub_code) => {
    const { call } = openAlipayKit({ encryption })
    const { node } = await call(PRECREATE, undefined, { raw: 'AAAA', fields: { encrypt_type } })
    expect(node).toMatchObject({ code: '40002', sub_code })
  })

  it('refuses what is not JSON', async () => {
    const { call } = openAlipayKit()
    const { node } = await call(PRECREATE, undefined, { raw: '{' })
    expect(node).toMatchObject({ code: '40002', sub_code: 'isv.illegal-json' })
  })
})
