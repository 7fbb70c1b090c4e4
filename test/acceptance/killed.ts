import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  demoAppIn,
  type GatewayProcess,
  lastingPort,
  type ProcessOptions,
  startGateway,
} from '../kit/gateway-process.ts'
import { signedBy } from '../kit/jeepay-client.ts'
import { type Inbox, type MerchantServer, openMerchantServer } from '../kit/merchant-server.ts'
import {
  anOrder,
  aRefund,
  type Ordered,
  openStorefront,
  type Storefront,
  succeeded,
} from '../kit/storefront.ts'
import { until } from '../kit/until.ts'

/**
 * Kills a gateway with SIGKILL and starts it again on what it left behind: nothing is lost, and the
 * merchant is told. Real processes, real files.
 */

/** A gateway in a directory of its own, which dies and comes back at the same address. */
interface Mortal {
  readonly shop: Storefront
  readonly merchant: MerchantServer
  /** Dies this moment, and is back when this returns. */
  dies(): Promise<void>
  ends(): Promise<void>
}

/**
 * How long after new orders have begun the process dies: somewhere in their way, by luck. Once more
 * where a boot is cheap.
 */
const MOMENTS_MS = {
  node: [5, 40, 110, 300],
  deno: [20, 150],
  workerd: [60, 400],
} as const
const ORDERS_A_DEATH = 4

export function specifyKilled(runtime: NonNullable<ProcessOptions['runtime']>): void {
  describe(`the gateway on ${runtime}, killed`, { timeout: 600_000 }, () => {
    let mortal: Mortal | undefined
    let dying: Dying | undefined
    const here = () => {
      if (mortal === undefined || dying === undefined) throw new Error('it has not come back')
      return { ...mortal, ...dying }
    }
    // All of this is under way when it dies, once.
    beforeAll(async () => {
      mortal = await open(runtime)
      dying = await arrange(mortal)
      await mortal.dies()
    }, 400_000)
    afterAll(() => mortal?.ends(), 60_000)

    it('before the merchant has answered a notification: it hears again, word for word', async () => {
      const { hearing } = here()
      hearing.inbox.reacts('success')
      await isTold(here(), hearing)
      expect(hearing.inbox.heard.length).toBeGreaterThan(1)
    })

    it('just after the merchant has answered: at most it hears again', async () => {
      await isTold(here(), here().answering)
    })

    it('after the payer has paid, with the word of the channel lost: it is asked', async () => {
      await isTold(here(), here().unheard)
    })

    it('after an order was answered, and before it is paid: it can be paid', async () => {
      const { shop, unpaid } = here()
      await shop.sandbox.pays(unpaid.payOrderId)
      await isTold(here(), unpaid)
    })

    it('when the channel has an order and has not answered: the same request is payable', async () => {
      const { shop, hanging } = here()
      const { payOrderId, request } = hanging
      // As long as the one that died may still be waiting, nobody sends it again.
      await shop.sandbox.passes(60_000)
      expect(await shop.sends('/api/pay/unifiedOrder', request)).toMatchObject({
        code: 0,
        data: { payOrderId, orderState: 1, payDataType: 'codeUrl' },
      })
      await shop.sandbox.pays(payOrderId)
      await isTold(here(), hanging)
    })

    it('at any moment, again and again: each order is paid, refunded and told of once', async () => {
      const { dies } = here()
      const journeys: Promise<Journey>[] = []
      for (const moment of MOMENTS_MS[runtime]) {
        for (let count = 0; count < ORDERS_A_DEATH; count += 1) journeys.push(travel(here()))
        await sleep(moment)
        await dies()
      }
      for (const journey of await Promise.all(journeys)) await expectNothingLost(here(), journey)
    })
  })
}

type Told = Pick<Ordered, 'payOrderId' | 'inbox'>

/** Orders that each stand somewhere else when the process dies. */
interface Dying {
  readonly unpaid: Told
  readonly unheard: Told
  readonly hanging: Told & Pick<Ordered, 'request'>
  readonly hearing: Told
  readonly answering: Told
}

async function arrange({ shop, merchant }: Mortal): Promise<Dying> {
  const { sandbox } = shop
  const unpaid = await shop.orders()
  const unheard = await shop.orders()
  await sandbox.misbehaves({ on: 'callback', fault: 'drop', times: 1 })
  await sandbox.pays(unheard.payOrderId)

  const inbox = merchant.inbox()
  const request = signedBy(shop.app, { ...anOrder(), notifyUrl: inbox.url })
  await sandbox.misbehaves({ on: 'pay', fault: 'silence_after' })
  shop.sends('/api/pay/unifiedOrder', request).catch(() => undefined)
  const { payOrderId } = await until(async () => {
    const known = await sandbox.orderOf(String(request.mchOrderNo))
    return known?.channelState === 'NOTPAY' ? known : undefined
  }, 'the channel to have the order')

  const hearing = await shop.orders()
  const answering = await shop.orders()
  hearing.inbox.reacts('hang')
  sandbox.acts(hearing.payOrderId, 'pay').catch(() => undefined)
  await hearing.inbox.hears(1)
  sandbox.acts(answering.payOrderId, 'pay').catch(() => undefined)
  await answering.inbox.hears(1)
  return { unpaid, unheard, hanging: { payOrderId, request, inbox }, hearing, answering }
}

async function open(runtime: NonNullable<ProcessOptions['runtime']>): Promise<Mortal> {
  const directory = await mkdtemp(join(tmpdir(), 'tongbao-killed-'))
  const port = await lastingPort()
  const start = () => startGateway({ runtime, directory, port })
  const merchant = await openMerchantServer()
  let gateway: GatewayProcess = await start()
  return {
    merchant,
    shop: openStorefront({ baseUrl: gateway.baseUrl, app: demoAppIn(directory) }, merchant),
    async dies() {
      await gateway.ends('SIGKILL')
      gateway = await start()
    },
    async ends() {
      await gateway.ends('SIGKILL')
      await merchant.close()
      await rm(directory, { recursive: true, force: true, maxRetries: 10 })
    },
  }
}

/** One order from its request to a part of its money back, by a client that does not give up. */
interface Journey {
  readonly payOrderId: string
  readonly refundOrderId: string
  readonly inbox: Inbox
  readonly refundInbox: Inbox
}

async function travel({ shop, merchant }: Mortal): Promise<Journey> {
  const inbox = merchant.inbox()
  const refundInbox = merchant.inbox()
  const order = signedBy(shop.app, { ...anOrder(), notifyUrl: inbox.url })
  const taken = await insist(async () => {
    const { data } = succeeded(await shop.sends('/api/pay/unifiedOrder', order))
    return data.orderState === 1 && data.payDataType === 'codeUrl' ? data : undefined
  })
  const payOrderId = String(taken.payOrderId)
  await insist(async () => {
    if ((await shop.sees(payOrderId)).state === 2) return true
    await shop.sandbox.acts(payOrderId, 'pay')
    return undefined
  })
  const asked = { ...aRefund(), payOrderId, notifyUrl: refundInbox.url }
  const request = signedBy(shop.app, asked)
  const refund = await insist(async () =>
    succeeded(await shop.sends('/api/refund/refundOrder', request)),
  )
  return { payOrderId, refundOrderId: String(refund.data.refundOrderId), inbox, refundInbox }
}

/** As clients do: the very same again, until there is an answer. A refusal for now is none. */
function insist<Answer>(attempt: () => Promise<Answer>): Promise<NonNullable<Answer>> {
  return until(() => attempt().catch(() => undefined), 'an answer', 500_000)
}

async function expectNothingLost(mortal: Mortal, journey: Journey): Promise<void> {
  const { shop } = mortal
  const { payOrderId, refundOrderId, inbox, refundInbox } = journey
  await isTold(mortal, { payOrderId, inbox })
  await settles(mortal, () => refundInbox.heard.length > 0, `the refund of ${payOrderId}`)
  expect(await shop.seesRefund(refundOrderId)).toMatchObject({ state: 2, refundAmount: 300 })
  expect(new Set(refundInbox.heard.map(({ text }) => text)).size).toBe(1)
  expect(refundInbox.heard[0]?.fields).toMatchObject({ refundOrderId, state: '2' })
  expect((await shop.sandbox.order(payOrderId)).refunds).toMatchObject([
    { refundId: refundOrderId, amount: 300, state: 'succeeded' },
  ])
  const atChannel = await shop.sandbox.paymentsAtChannel()
  expect(atChannel.filter(({ number }) => number === payOrderId)).toMatchObject([
    { amount: { minor: 1_000 }, state: 'REFUND' },
  ])
}

/** Told at least once, always the same, and what the query says. */
async function isTold(mortal: Mortal, { payOrderId, inbox }: Told): Promise<void> {
  const { shop } = mortal
  const wasTold = async () =>
    (await shop.sandbox.order(payOrderId)).notifications.some(
      ({ kind, state }) => kind === 'payment.succeeded' && state === 'delivered',
    )
  await settles(mortal, wasTold, `the merchant to be told of ${payOrderId}`)
  expect(new Set(inbox.heard.map(({ text }) => text)).size).toBe(1)
  const seen = await shop.sees(payOrderId)
  expect(seen).toMatchObject({ state: 2, amount: 1_000 })
  const asText = Object.entries(seen).map(([name, value]) => [name, String(value)])
  expect(inbox.heard[0]?.fields).toEqual({
    ...Object.fromEntries(asText),
    reqTime: expect.stringMatching(/^\d{13}$/),
    sign: expect.stringMatching(/^[0-9A-F]{32}$/),
  })
}

/** Time passes until it holds. */
function settles(
  { shop }: Mortal,
  holds: () => boolean | Promise<boolean>,
  what: string,
): Promise<boolean> {
  return until(async () => {
    if (await holds()) return true
    await shop.sandbox.passes(20_000)
    return false
  }, what)
}
