import type { BoundChannel, ChannelPorts, InboundCall } from '../../core/plugin/api.ts'
import * as ali from '../plugins/alipay/fake-alipay.ts'
import * as wx from '../plugins/wechat/fake-wechat.ts'
import { bytesOf, type Target, textOf } from './target.ts'

interface World {
  readonly channel: BoundChannel
  readonly ports: ChannelPorts
  answers(answer: () => Promise<{ kind: 'unknown'; evidence: string }>): void
}

/** A callback that does not verify or cannot be read is refused: by an answer, not by an exception. */
async function read({ channel, ports, answers }: World, call: InboundCall) {
  // Whatever a plugin asks its channel about it, it gets no answer.
  answers(async () => ({ kind: 'unknown', evidence: 'nobody answers' }))
  return channel.readCallback(ports, call)
}

async function sealedCall(contents: string, eventType: string) {
  const type = eventType.split('.')[0]?.toLowerCase() ?? ''
  const resource = { original_type: type, ...(await wx.seal(contents, type)) }
  const envelope = { id: 'E1', event_type: eventType, resource_type: 'encrypt-resource', resource }
  return wx.signAsWechat(JSON.stringify(envelope))
}

const signedHeaders = async () =>
  (await sealedCall(JSON.stringify(wx.PAID), 'TRANSACTION.SUCCESS')).headers
const toldForm = async () =>
  textOf((await ali.notice(ali.TOLD_PAID)).body as Uint8Array<ArrayBuffer>)

/** Callbacks of both channels: forged ones, and ones that are signed and make no sense. */
export async function callbacks(): Promise<readonly Target[]> {
  const wechat = wx.openWorld()
  const alipay = ali.openWorld()
  const signed = await sealedCall(JSON.stringify(wx.PAID), 'TRANSACTION.SUCCESS')
  const expectForged = async (world: World, call: InboundCall, isAsSigned: boolean) => {
    const { ok } = await read(world, call)
    if (ok && !isAsSigned) throw new Error('it believed what nobody has signed')
  }
  return [
    {
      name: 'wechat callback, forged',
      seeds: [signed.body],
      feed: (body) =>
        expectForged(
          wechat,
          wx.inbound({ headers: signed.headers, body }),
          textOf(body) === textOf(signed.body),
        ),
    },
    {
      name: 'wechat callback, signed by somebody else',
      seeds: Object.values(await signedHeaders()).map(bytesOf),
      async feed(value) {
        for (const name of Object.keys(signed.headers)) {
          const headers = { ...signed.headers, [name]: textOf(value) }
          await read(wechat, wx.inbound({ headers, body: signed.body }))
        }
      },
    },
    {
      name: 'wechat callback, signed contents',
      seeds: [bytesOf(JSON.stringify(wx.PAID)), bytesOf(JSON.stringify(wx.REFUNDED))],
      async feed(contents) {
        for (const event of [
          'TRANSACTION.SUCCESS',
          'REFUND.SUCCESS',
          'MCHTRANSFER.BILL.FINISHED',
        ]) {
          await read(wechat, wx.inbound(await sealedCall(textOf(contents), event)))
        }
      },
    },
    {
      name: 'wechat callback, signed envelope',
      seeds: [signed.body],
      feed: async (body) => read(wechat, wx.inbound(await wx.signAsWechat(textOf(body)))),
    },
    {
      name: 'alipay callback, forged',
      seeds: [bytesOf(await toldForm())],
      feed: (body) => read(alipay, ali.inbound(body)),
    },
    {
      name: 'alipay callback, signed contents',
      seeds: [
        bytesOf(new URLSearchParams(ali.TOLD_PAID).toString()),
        bytesOf(
          new URLSearchParams({
            ...ali.TOLD_PAID,
            gmt_refund: '2026-01-01 08:01:00.123',
            refund_fee: '1.00',
            out_biz_no: ali.REFUND,
          }).toString(),
        ),
        bytesOf(
          new URLSearchParams({
            app_id: '2021000000000001',
            msg_method: 'alipay.fund.trans.order.changed',
            biz_content: JSON.stringify({ out_biz_no: ali.TRANSFER, status: 'SUCCESS' }),
          }).toString(),
        ),
      ],
      async feed(body) {
        const fields = Object.fromEntries(new URLSearchParams(textOf(body)))
        for (const typed of [false, true]) await read(alipay, await ali.notice(fields, { typed }))
      },
    },
  ]
}
