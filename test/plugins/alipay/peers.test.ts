/**
 * Alipay's own SDK for Node, so that no rule of the protocol is checked against ourselves alone:
 * what we sign it verifies, what it signs we verify.
 */
import { createPublicKey } from 'node:crypto'
import { AlipaySdk, type AlipaySdkConfig } from 'alipay-sdk'
import { describe, expect, it } from 'vitest'
import { decryptContent } from '../../../plugins/alipay/content-cipher.ts'
import {
  ASKED,
  CERTIFICATE_SETTINGS,
  codePay,
  ENCRYPTED_SETTINGS,
  inbound,
  lost,
  notice,
  ok,
  openWorld,
  PAID,
  PROVIDER_SETTINGS,
  pagePay,
  payInput,
  qrPay,
  REFUND_INPUT,
  rsaSign,
  SETTINGS,
  SPLIT,
  SPLIT_INPUT,
  sent,
  TOLD_PAID,
  TRANSFER_INPUT,
  vectors,
} from './fake-alipay.ts'

const { ours } = vectors
const spki = (pkcs8: string) =>
  createPublicKey({ key: `-----BEGIN PRIVATE KEY-----\n${pkcs8}\n-----END PRIVATE KEY-----` })
    .export({ type: 'spki', format: 'der' })
    .toString('base64')

const sdk = (changes: Partial<AlipaySdkConfig>) =>
  new AlipaySdk({
    appId: SETTINGS.appId,
    keyType: 'PKCS8',
    privateKey: ours.app_private_key_pkcs8,
    alipayPublicKey: ours.alipay_public_key_spki,
    ...changes,
  })

/** Alipay's side of it: verifies with the application's public key. */
const receiving = sdk({ alipayPublicKey: spki(ours.app_private_key_pkcs8) })
/** The merchant's side, by the SDK. */
const merchant = sdk({})

describe('what we sign', () => {
  it.each([
    ['keys', SETTINGS],
    ['certificates', CERTIFICATE_SETTINGS],
    ['a token', PROVIDER_SETTINGS],
    ['encrypted content', ENCRYPTED_SETTINGS],
  ])('with %s, whatever the call, verifies with the SDK', async (_how, settings) => {
    const world = openWorld(settings)
    const { channel, ports } = world
    for (let left = 12; left > 0; left--) world.answers(lost)
    await channel.pay(ports, qrPay({ subject: '测试 1+1=2 & 100% "引号" \\ / 😀' }))
    await channel.pay(ports, pagePay())
    await channel.pay(ports, codePay())
    await channel.query(ports, ASKED)
    await channel.close?.(ports, ASKED)
    await channel.refund?.(ports, REFUND_INPUT)
    await channel.queryRefund?.(ports, REFUND_INPUT)
    await channel.split?.send(ports, SPLIT_INPUT)
    await channel.split?.query(ports, SPLIT_INPUT)
    await channel.transfer?.send(ports, TRANSFER_INPUT)
    await channel.bills?.(ports, { kind: 'trade', date: '2025-12-31' })
    await channel.identity?.exchange(ports, { code: 'c0de' })
    expect(world.requests.length).toBeGreaterThanOrEqual(11)
    for (const request of world.requests) {
      const fields = sent(request)
      expect(receiving.checkNotifySignV2(fields)).toBe(true)
      expect(receiving.checkNotifySignV2({ ...fields, timestamp: '2026-01-01 08:00:01' })).toBe(
        false,
      )
    }
  })

  it.each(['ALI_APP', 'ALI_WAP', 'ALI_PC'])('for %s verifies with the SDK', async (way) => {
    const world = openWorld()
    const outcome = await world.channel.pay(world.ports, payInput(way, { subject: '1+1=2 & 100%' }))
    if (outcome.kind !== 'requires_action') throw new Error(outcome.kind)
    const { data } = outcome.presentation
    const query = data.includes('?') ? new URL(data).search : data
    const fields = Object.fromEntries(new URLSearchParams(query))
    expect(receiving.checkNotifySignV2(fields)).toBe(true)
  })

  it('names the certificates by the serials that the SDK computes', async () => {
    const peer = sdk({
      appCertContent: CERTIFICATE_SETTINGS.appCert,
      alipayPublicCertContent: CERTIFICATE_SETTINGS.alipayCert,
      alipayRootCertContent: CERTIFICATE_SETTINGS.alipayRootCert,
    })
    const world = openWorld(CERTIFICATE_SETTINGS)
    world.answers(lost)
    await world.channel.query(world.ports, ASKED)
    expect(sent(world.requests[0])).toMatchObject({
      app_cert_sn: peer.config.appCertSn,
      alipay_root_cert_sn: peer.config.alipayRootCertSn,
    })
  })

  it('is, field for field, what the SDK puts into an order string', async () => {
    const world = openWorld()
    const outcome = await world.channel.pay(world.ports, payInput('ALI_APP'))
    const ourOrder = outcome.kind === 'requires_action' ? outcome.presentation.data : ''
    const fields = Object.fromEntries(new URLSearchParams(ourOrder))
    const { biz_content = '', notify_url = '' } = fields
    const bizContent: Record<string, unknown> = JSON.parse(biz_content)
    const theirs = merchant.sdkExecute('alipay.trade.app.pay', {
      bizContent,
      notifyUrl: notify_url,
    })
    const {
      alipay_sdk: _,
      sign: _1,
      timestamp: _2,
      ...common
    } = Object.fromEntries(new URLSearchParams(theirs))
    const { sign: _3, timestamp: _4, ...mine } = fields
    expect(JSON.parse(common.biz_content ?? '')).toEqual(bizContent)
    // It leaves out what can only be JSON.
    expect({ ...common, format: 'JSON', biz_content }).toEqual(mine)
  })
})

describe('what the SDK signs', () => {
  it('as a message of the application gateway, we verify', async () => {
    const asAlipay = sdk({ privateKey: ours.alipay_private_key_pkcs8 })
    const content = {
      out_request_no: SPLIT,
      settle_no: '20260101000000000001',
      royalty_detail_list: [{ trans_in: '2088000000000200', amount: '8.88', state: 'SUCCESS' }],
    }
    const form = asAlipay.sdkExecute(
      'alipay.trade.order.settle.notify',
      { bizContent: content, msgMethod: 'alipay.trade.order.settle.notify', msgId: 'M1' },
      { bizContentAutoSnakeCase: false },
    )
    const world = openWorld()
    expect(await world.channel.readCallback(world.ports, inbound(form))).toMatchObject({
      ok: true,
      value: { dedupeKey: 'M1', facts: [{ about: 'split', splitId: SPLIT, kind: 'finished' }] },
    })
    const forged = inbound(form.replace('8.88', '9.99'))
    expect(await world.channel.readCallback(world.ports, forged)).toMatchObject({
      refusal: { code: 'unverifiable' },
    })
  })
})

describe('what both read', () => {
  it('is one notice, which verifies here and there', async () => {
    const call = await notice({ ...TOLD_PAID, subject: '1+1=2' })
    const fields = Object.fromEntries(new URLSearchParams(new TextDecoder().decode(call.body)))
    expect(merchant.checkNotifySignV2(fields)).toBe(true)
    const world = openWorld()
    expect(await world.channel.readCallback(world.ports, call)).toMatchObject({ ok: true })
  })

  it('is one answer, whose signed text both cut out alike', async () => {
    const world = openWorld()
    const answer = await ok({ ...PAID, subject: 'a/b {"sign":"x"}' })({
      method: 'POST',
      url: '',
      headers: {},
      body: 'method=alipay.trade.query',
      timeoutMs: 1,
    })
    if (answer.kind !== 'answered') throw new Error(answer.kind)
    const text = new TextDecoder().decode(answer.body)
    const outer: { readonly sign: string } = JSON.parse(text)
    const node = merchant.getSignStr(text, 'alipay_trade_query_response')
    expect(outer.sign).toBe(await rsaSign(ours.alipay_private_key_pkcs8, node))
    const check = () =>
      merchant.checkResponseSign(text, 'alipay_trade_query_response', outer.sign, 'trace')
    expect(check).not.toThrow()
    world.answers(async () => answer)
    expect(await world.channel.query(world.ports, ASKED)).toMatchObject({ kind: 'succeeded' })
  })

  it('is one encrypted content', async () => {
    const key = ours.aes.key
    const order = sdk({ encryptKey: key }).sdkExecute('alipay.trade.app.pay', {
      bizContent: { subject: '测试' },
      needEncrypt: true,
    })
    const cipher = new URLSearchParams(order).get('biz_content') ?? ''
    expect(await decryptContent(key, cipher)).toBe('{"subject":"测试"}')
  })
})
