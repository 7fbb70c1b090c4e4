import { describe, expect, it } from 'vitest'
import { Rsa } from 'wechatpay-axios-plugin'
import { money, type SplitInput, type SplitReceiver } from '../../../core/plugin/api.ts'
import { openWorld, SETTINGS, signed, TRANSACTION_ID, unsigned, vectors } from './fake-wechat.ts'
import {
  CLERK,
  jsonOf,
  RETURN_INPUT,
  RETURNED,
  SHOP,
  SPLIT,
  SPLIT_INPUT,
  SPLIT_RETURN,
  SPLITTED,
} from './fixtures.ts'

type World = ReturnType<typeof openWorld>
type Answer = Parameters<World['answers']>[0]
type Split = NonNullable<World['channel']['split']>

const HOST = 'https://api.mch.weixin.qq.com/v3/profitsharing'
const NOT_FOUND = unsigned(404, { code: 'RESOURCE_NOT_EXISTS', message: '记录不存在' })
const platformPrivate = Rsa.fromPkcs8(vectors.ours.platform_private_key_pkcs8)

/** Does one thing at a WeChat that answers as it is told. */
async function did<Outcome>(
  run: (split: Split, ports: World['ports']) => Promise<Outcome>,
  ...answers: Answer[]
) {
  const world = openWorld()
  for (const answer of answers) world.answers(answer)
  const { split } = world.channel
  if (split === undefined) throw new Error('does not split')
  return { outcome: await run(split, world.ports), requests: world.requests }
}

const send = (changes: Partial<SplitInput>, ...answers: Answer[]) =>
  did((split, ports) => split.send(ports, { ...SPLIT_INPUT, ...changes }), ...answers)
const query = (...answers: Answer[]) =>
  did((split, ports) => split.query(ports, SPLIT_INPUT), ...answers)

describe('a receiver of shares', () => {
  const bind = (receiver: SplitReceiver, ...answers: Answer[]) =>
    did((split, ports) => split.bindReceiver(ports, { receiver, requestNumber: 'Q1' }), ...answers)
  const unbind = (receiver: SplitReceiver, ...answers: Answer[]) =>
    did(
      (split, ports) => split.unbindReceiver(ports, { receiver, requestNumber: 'Q1' }),
      ...answers,
    )

  it('is added, with a name that only WeChat can read', async () => {
    const { outcome, requests } = await bind(CLERK, signed(200, { account: CLERK.account }))
    expect(outcome).toEqual({ kind: 'done' })
    expect(requests[0]).toMatchObject({ method: 'POST', url: `${HOST}/receivers/add` })
    const { name, ...body } = jsonOf(requests[0]) as Record<string, string>
    expect(body).toEqual({
      appid: 'wx0000000000000001',
      type: 'PERSONAL_OPENID',
      account: CLERK.account,
      relation_type: 'STAFF',
    })
    expect(Rsa.decrypt(name ?? '', platformPrivate)).toBe('张三')
    expect(requests[0]?.headers['Wechatpay-Serial']).toBe(SETTINGS.wechatpayPublicKey.id)
  })

  it('may have no name', async () => {
    const { requests } = await bind(SHOP, signed(200, { account: SHOP.account }))
    expect(jsonOf(requests[0])).toEqual({
      appid: 'wx0000000000000001',
      type: 'MERCHANT_ID',
      account: SHOP.account,
      relation_type: 'STORE',
    })
  })

  it('may be related in a way of its own, in ten characters', async () => {
    const receiver = { ...SHOP, relation: 'CUSTOM', relationName: '供'.repeat(11) }
    const { requests } = await bind(receiver, signed(200, { account: SHOP.account }))
    expect(jsonOf(requests[0])).toMatchObject({
      relation_type: 'CUSTOM',
      custom_relation: '供'.repeat(10),
    })
  })

  it('is not sent when its relation has neither a word nor a name', async () => {
    const { outcome, requests } = await bind({ ...SHOP, relation: 'FRIEND' })
    expect(outcome).toMatchObject({ kind: 'not_sent' })
    expect(requests).toEqual([])
  })

  it('is deleted', async () => {
    const { outcome, requests } = await unbind(CLERK, signed(200, { account: CLERK.account }))
    expect(outcome).toEqual({ kind: 'done' })
    expect(requests[0]).toMatchObject({ method: 'POST', url: `${HOST}/receivers/delete` })
    expect(jsonOf(requests[0])).toEqual({
      appid: 'wx0000000000000001',
      type: 'PERSONAL_OPENID',
      account: CLERK.account,
    })
  })

  it('that is not there any more counts as deleted', async () => {
    expect((await unbind(CLERK, NOT_FOUND)).outcome).toEqual({ kind: 'done' })
  })

  it.each([
    ['is about another', signed(200, { account: 'o1' })],
    ['is empty', signed(204, undefined)],
    ['is not signed', unsigned(200, { account: CLERK.account })],
  ])('is unknown when the answer %s', async (_, answer) => {
    expect((await bind(CLERK, answer)).outcome).toMatchObject({ kind: 'unknown' })
    expect((await unbind(CLERK, answer)).outcome).toMatchObject({ kind: 'unknown' })
  })
})

describe('a split', () => {
  it('gives each receiver its share, by numbers of ours and of theirs', async () => {
    const processing = { ...SPLITTED, state: 'PROCESSING', receivers: [] }
    const { outcome, requests } = await send({}, signed(200, processing))
    expect(outcome).toEqual({ kind: 'pending', channelSplitNo: SPLITTED.order_id, shares: [] })
    expect(requests[0]).toMatchObject({ method: 'POST', url: `${HOST}/orders` })
    expect(jsonOf(requests[0])).toEqual({
      appid: 'wx0000000000000001',
      transaction_id: TRANSACTION_ID,
      out_order_no: SPLIT,
      receivers: [
        { type: 'MERCHANT_ID', account: SHOP.account, amount: 100, description: '门店分成' },
        {
          type: 'PERSONAL_OPENID',
          account: CLERK.account,
          name: expect.any(String),
          amount: 23,
          description: '店员提成',
        },
      ],
      unfreeze_unsplit: false,
    })
    const body = jsonOf(requests[0]) as { receivers: { name?: string }[] }
    expect(Rsa.decrypt(body.receivers[1]?.name ?? '', platformPrivate)).toBe('张三')
  })

  it('may release the rest with it', async () => {
    const { requests } = await send({ finishes: true }, signed(200, SPLITTED))
    expect(jsonOf(requests[0])).toMatchObject({ unfreeze_unsplit: true })
  })

  it('without receivers only releases the rest', async () => {
    const released = { ...SPLITTED, out_order_no: `${SPLIT}F` }
    const { outcome, requests } = await send({ shares: [] }, signed(200, released))
    expect(outcome).toMatchObject({ kind: 'finished' })
    expect(requests[0]?.url).toBe(`${HOST}/orders/unfreeze`)
  })

  it('is finished when each share has ended, found by its receiver', async () => {
    expect((await query(signed(200, SPLITTED))).outcome).toEqual({
      kind: 'finished',
      channelSplitNo: SPLITTED.order_id,
      shares: [
        {
          receiver: { kind: 'person', account: CLERK.account },
          amount: money(23, 'CNY'),
          state: 'succeeded',
          channelShareNo: '36001904262026010169671591816',
        },
        {
          receiver: { kind: 'merchant', account: SHOP.account },
          amount: money(100, 'CNY'),
          state: 'succeeded',
          channelShareNo: '36001904262026010169671591815',
        },
      ],
    })
  })

  it('that is finished is not one that all got', async () => {
    const [own, clerk, shop] = SPLITTED.receivers
    const closed = { ...shop, result: 'CLOSED', fail_reason: 'ACCOUNT_ABNORMAL' }
    const { outcome } = await query(signed(200, { ...SPLITTED, receivers: [own, clerk, closed] }))
    expect(outcome).toMatchObject({
      kind: 'finished',
      shares: [
        { state: 'succeeded' },
        {
          state: 'failed',
          receiver: { kind: 'merchant', account: SHOP.account },
          error: { code: 'ACCOUNT_ABNORMAL' },
        },
      ],
    })
  })

  it.each([
    ['SUCCESS', 'succeeded', 'finished'],
    ['CLOSED', 'failed', 'finished'],
    ['PENDING', 'pending', 'pending'],
    ['A_RESULT_OF_TOMORROW', 'pending', 'pending'],
  ])('takes a share of %s for %s', async (result, state, kind) => {
    const [, clerk] = SPLITTED.receivers
    const receivers = [{ ...clerk, result }]
    const { outcome } = await query(signed(200, { ...SPLITTED, receivers }))
    expect(outcome).toMatchObject({ kind, shares: [{ state }] })
  })

  it.each(['PROCESSING', 'A_STATE_OF_TOMORROW'])('is pending while it is %s', async (state) => {
    expect((await query(signed(200, { ...SPLITTED, state }))).outcome).toMatchObject({
      kind: 'pending',
    })
  })

  it('has no share for a kind of receiver that nobody asked for', async () => {
    const receivers = [{ ...SPLITTED.receivers[1], type: 'PERSONAL_WECHATID' }]
    expect((await query(signed(200, { ...SPLITTED, receivers }))).outcome).toMatchObject({
      kind: 'finished',
      shares: [],
    })
  })

  it('is asked for by our number, and by the payment it shares', async () => {
    const { requests } = await query(signed(200, SPLITTED))
    expect(requests[0]?.url).toBe(`${HOST}/orders/${SPLIT}?transaction_id=${TRANSACTION_ID}`)
  })

  it('that only released the rest is found under the number of that', async () => {
    const released = {
      ...SPLITTED,
      out_order_no: `${SPLIT}F`,
      receivers: SPLITTED.receivers.slice(0, 1),
    }
    const { outcome, requests } = await query(NOT_FOUND, signed(200, released))
    expect(outcome).toMatchObject({ kind: 'finished', shares: [] })
    expect(requests[1]?.url).toBe(`${HOST}/orders/${SPLIT}F?transaction_id=${TRANSACTION_ID}`)
  })

  it('is not found when neither number is', async () => {
    expect((await query(NOT_FOUND, NOT_FOUND)).outcome).toEqual({ kind: 'not_found' })
  })

  it.each([
    ['is about another', signed(200, { ...SPLITTED, out_order_no: 'S1' })],
    ['has no number', signed(200, { ...SPLITTED, order_id: undefined })],
    ['has no state', signed(200, { ...SPLITTED, state: undefined })],
    [
      'has half a fen',
      signed(200, { ...SPLITTED, receivers: [{ ...SPLITTED.receivers[1], amount: 0.5 }] }),
    ],
    ['is not signed', unsigned(200, SPLITTED)],
    ['is empty', signed(204, undefined)],
  ])('is unknown when the answer %s', async (_, answer) => {
    expect((await send({}, answer)).outcome).toMatchObject({ kind: 'unknown' })
    expect((await query(answer)).outcome).toMatchObject({ kind: 'unknown' })
  })

  it('that is refused failed only if WeChat knows no such number', async () => {
    const refused = unsigned(400, { code: 'INVALID_REQUEST', message: '非分账订单不支持分账' })
    const { outcome, requests } = await send({}, refused, NOT_FOUND)
    expect(outcome).toMatchObject({ kind: 'failed', error: { code: 'INVALID_REQUEST' } })
    expect(requests[1]?.url).toBe(`${HOST}/orders/${SPLIT}?transaction_id=${TRANSACTION_ID}`)
    expect((await send({}, refused, signed(200, SPLITTED))).outcome).toMatchObject({
      kind: 'finished',
    })
  })
})

describe('what is left of a payment', () => {
  const finish = (...answers: Answer[]) =>
    did((split, ports) => split.finish(ports, SPLIT_INPUT), ...answers)

  it('is released under a number that no split had, made of one that had', async () => {
    const released = { ...SPLITTED, out_order_no: `${SPLIT}F` }
    const { outcome, requests } = await finish(signed(200, released))
    expect(outcome).toMatchObject({ kind: 'finished', channelSplitNo: SPLITTED.order_id })
    expect(requests[0]).toMatchObject({ method: 'POST', url: `${HOST}/orders/unfreeze` })
    expect(jsonOf(requests[0])).toEqual({
      transaction_id: TRANSACTION_ID,
      out_order_no: `${SPLIT}F`,
      description: '解冻剩余资金',
    })
  })

  it('is not released, for good, only if WeChat knows no such number', async () => {
    const refused = unsigned(400, { code: 'INVALID_REQUEST', message: '订单已完结' })
    const { outcome, requests } = await finish(refused, NOT_FOUND)
    expect(outcome).toMatchObject({ kind: 'failed' })
    expect(requests[1]?.url).toBe(`${HOST}/orders/${SPLIT}F?transaction_id=${TRANSACTION_ID}`)
  })

  const left = (...answers: Answer[]) =>
    did(async (split, ports) => split.unsplit?.(ports, SPLIT_INPUT), ...answers)

  it('is told', async () => {
    const { outcome, requests } = await left(
      signed(200, { transaction_id: TRANSACTION_ID, unsplit_amount: 1111 }),
    )
    expect(outcome).toEqual({ kind: 'known', unsplit: money(1111, 'CNY') })
    expect(requests[0]?.url).toBe(`${HOST}/transactions/${TRANSACTION_ID}/amounts`)
  })

  it.each([
    ['is of another', signed(200, { transaction_id: '1', unsplit_amount: 1 })],
    ['lacks it', signed(200, { transaction_id: TRANSACTION_ID })],
    ['is below nothing', signed(200, { transaction_id: TRANSACTION_ID, unsplit_amount: -1 })],
  ])('is unknown when the answer %s', async (_, answer) => {
    expect((await left(answer)).outcome).toMatchObject({ kind: 'unknown' })
  })
})

describe('a share that is taken back', () => {
  const take = (changes: object, ...answers: Answer[]) =>
    did(
      async (split, ports) => split.takeBack?.(ports, { ...RETURN_INPUT, ...changes }),
      ...answers,
    )
  const ask = (...answers: Answer[]) =>
    did(async (split, ports) => split.queryReturn?.(ports, RETURN_INPUT), ...answers)

  it('is asked of its merchant, under a number of its own', async () => {
    const { outcome, requests } = await take({}, signed(200, RETURNED))
    expect(outcome).toEqual({
      kind: 'succeeded',
      channelReturnNo: RETURNED.return_id,
      returned: money(40, 'CNY'),
      returnedAtMs: 1_767_226_860_000,
    })
    expect(requests[0]).toMatchObject({ method: 'POST', url: `${HOST}/return-orders` })
    expect(jsonOf(requests[0])).toEqual({
      out_order_no: SPLIT,
      out_return_no: SPLIT_RETURN,
      return_mchid: SHOP.account,
      amount: 40,
      description: '退货',
    })
  })

  it('is not asked of a person, who need not give it', async () => {
    const { outcome, requests } = await take({ receiver: CLERK })
    expect(outcome).toMatchObject({ kind: 'not_sent' })
    expect(requests).toEqual([])
  })

  it.each([
    ['SUCCESS', { kind: 'succeeded' }],
    ['FAILED', { kind: 'failed', error: { code: 'BALANCE_NOT_ENOUGH' } }],
    ['A_RESULT_OF_TOMORROW', { kind: 'pending' }],
  ])('is the same to the answer and to the query: %s', async (result, standing) => {
    const body = { ...RETURNED, result, fail_reason: 'BALANCE_NOT_ENOUGH' }
    expect((await take({}, signed(200, body))).outcome).toMatchObject(standing)
    const { outcome, requests } = await ask(signed(200, body))
    expect(outcome).toMatchObject(standing)
    expect(requests[0]?.url).toBe(`${HOST}/return-orders/${SPLIT_RETURN}?out_order_no=${SPLIT}`)
  })

  it('has no end yet while WeChat does it', async () => {
    const { finish_time: _, ...processing } = { ...RETURNED, result: 'PROCESSING' }
    const standing = { kind: 'pending', channelReturnNo: RETURNED.return_id }
    expect((await take({}, signed(200, processing))).outcome).toEqual(standing)
    expect((await ask(signed(200, processing))).outcome).toEqual(standing)
  })

  it.each([
    ['is about another', signed(200, { ...RETURNED, out_return_no: 'B1' })],
    ['succeeded at no time', signed(200, { ...RETURNED, finish_time: undefined })],
    ['has no number', signed(200, { ...RETURNED, return_id: undefined })],
    ['has half a fen', signed(200, { ...RETURNED, amount: 0.5 })],
    ['is not signed', unsigned(200, RETURNED)],
  ])('is unknown when the answer %s', async (_, answer) => {
    expect((await take({}, answer)).outcome).toMatchObject({ kind: 'unknown' })
    expect((await ask(answer)).outcome).toMatchObject({ kind: 'unknown' })
  })

  it('that is refused failed only if WeChat knows no such number', async () => {
    const refused = unsigned(403, { code: 'NOT_ENOUGH', message: '' })
    expect((await take({}, refused, NOT_FOUND)).outcome).toMatchObject({ kind: 'failed' })
    expect((await take({}, refused, signed(200, RETURNED))).outcome).toMatchObject({
      kind: 'succeeded',
    })
  })
})
