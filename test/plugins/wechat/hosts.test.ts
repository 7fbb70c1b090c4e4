import { describe, expect, it } from 'vitest'
import {
  ASKED,
  CERTIFICATE_SETTINGS,
  certificateList,
  nativePay,
  OLD_CERTIFICATE,
  openWorld,
  PAID,
  REFUND_INPUT,
  REFUNDED,
  signed,
} from './fake-wechat.ts'
import { SPLIT_INPUT, SPLITTED, TRANSFER_INPUT, TRANSFERRED } from './fixtures.ts'

type World = ReturnType<typeof openWorld>

const refused = async () => ({ kind: 'not_sent', reason: 'not connected: refused' }) as const
const hosts = ({ requests }: World) => requests.map(({ url }) => new URL(url).host)

const MAIN = 'api.mch.weixin.qq.com'
const SECOND = 'api2.mch.weixin.qq.com'

describe('the second host of WeChat', () => {
  it.each([
    ['a payment', (w: World) => w.channel.pay(w.ports, nativePay()), { code_url: 'weixin://1' }],
    ['a query', (w: World) => w.channel.query(w.ports, ASKED), PAID],
    ['a refund', async (w: World) => w.channel.refund?.(w.ports, REFUND_INPUT), REFUNDED],
    ['its query', async (w: World) => w.channel.queryRefund?.(w.ports, REFUND_INPUT), REFUNDED],
    [
      'a transfer',
      async (w: World) => w.channel.transfer?.send(w.ports, TRANSFER_INPUT),
      TRANSFERRED,
    ],
    ['a split', async (w: World) => w.channel.split?.send(w.ports, SPLIT_INPUT), SPLITTED],
  ])('gets %s that provably never left for the first, and the same bytes', async (_, run, body) => {
    const world = openWorld()
    world.answers(refused)
    world.answers(signed(200, body))
    expect(await run(world)).not.toMatchObject({ kind: 'not_sent' })
    expect(hosts(world)).toEqual([MAIN, SECOND])
    const [first, second] = world.requests
    expect(second).toEqual({ ...first, url: first?.url.replace(MAIN, SECOND) })
  })

  it('gets nothing that may have left for the first', async () => {
    const world = openWorld()
    world.answers(async () => ({ kind: 'unknown', evidence: 'reset' }))
    expect(await world.channel.pay(world.ports, nativePay())).toMatchObject({ kind: 'unknown' })
    expect(hosts(world)).toEqual([MAIN])
  })

  it('makes an end unknown that the first left open', async () => {
    const world = openWorld()
    world.answers(refused)
    world.answers(async () => ({ kind: 'unknown', evidence: 'timeout' }))
    expect(await world.channel.pay(world.ports, nativePay())).toMatchObject({ kind: 'unknown' })
  })

  it('has platform certificates too', async () => {
    const world = openWorld(CERTIFICATE_SETTINGS)
    world.answers(refused)
    world.answers(certificateList(['old']))
    world.answers(signed(200, PAID, { by: OLD_CERTIFICATE }))
    expect(await world.channel.query(world.ports, ASKED)).toMatchObject({ kind: 'succeeded' })
    expect(hosts(world)).toEqual([MAIN, SECOND, MAIN])
  })

  it('is declared, as is the one that tells openids, and no other', () => {
    expect(openWorld().channel.manifest.hosts).toEqual([MAIN, SECOND, 'api.weixin.qq.com'])
  })
})
