import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { HOUR_MS, MINUTE_MS } from '../../core/time.ts'
import { demoAppIn, lastingPort, startGateway } from '../kit/gateway-process.ts'
import { requestOver, signedBy } from '../kit/jeepay-client.ts'
import { type MerchantServer, openMerchantServer } from '../kit/merchant-server.ts'
import { type RestRedis, redisMissing, startRestRedis } from '../kit/redis.ts'
import { sqldMissing } from '../kit/sqld.ts'
import { anOrder, openStorefront, type Storefront, succeeded } from '../kit/storefront.ts'
import { until } from '../kit/until.ts'
import { type Deployment, openDeployment } from './deployment.ts'

/** A gateway that was told of a Redis. */
interface Site {
  readonly shop: Storefront
  readonly merchant: MerchantServer
  pays(payOrderId: string): Promise<void>
  passes(ms: number): Promise<void>
  ends(): Promise<void>
}

const PER_MINUTE = 60
const settingsFor = (redis: RestRedis) => ({
  UPSTASH_REDIS_REST_URL: redis.url,
  UPSTASH_REDIS_REST_TOKEN: redis.token,
  TONGBAO_RATE_PER_APP: String(PER_MINUTE),
})

async function onNode(redis: RestRedis): Promise<Site> {
  const directory = await mkdtemp(join(tmpdir(), 'tongbao-drill-'))
  const environment = settingsFor(redis)
  const gateway = await startGateway({ directory, port: await lastingPort(), environment })
  const merchant = await openMerchantServer()
  const { baseUrl } = gateway
  const shop = openStorefront({ baseUrl, app: demoAppIn(directory) }, merchant)
  return {
    shop,
    merchant,
    pays: shop.sandbox.pays,
    passes: shop.sandbox.passes,
    async ends() {
      await gateway.ends('SIGTERM')
      await merchant.close()
      await rm(directory, { recursive: true, force: true, maxRetries: 10 })
    },
  }
}

const onWorkerd = (redis: RestRedis): Promise<Deployment> =>
  openDeployment(async () => ({ settings: settingsFor(redis), replayWindowMs: HOUR_MS }))

specifyRedisDown('Node with a database file', redisMissing(), onNode)
specifyRedisDown(
  'workerd with a libSQL server',
  redisMissing() ?? sqldMissing(),
  onWorkerd,
  specifyForgotten,
)

function specifyRedisDown<Opened extends Site>(
  where: string,
  missing: string | undefined,
  open: (redis: RestRedis) => Promise<Opened>,
  specifyMore: (
    here: () => { readonly redis: RestRedis; readonly site: Opened },
  ) => void = () => {},
): void {
  describe.skipIf(missing !== undefined)(missing ?? `${where}, its Redis killed`, () => {
    let redis: RestRedis
    let site: Opened
    beforeAll(async () => {
      redis = await startRestRedis()
      site = await open(redis)
    }, 180_000)
    afterAll(async () => {
      await site.ends()
      await redis.stop()
    })

    const health = async () => {
      const answer = await fetch(`${site.shop.baseUrl}/healthz`)
      return { http: answer.status, ...((await answer.json()) as object) }
    }
    /** An order that is taken, paid, told of, and in part refunded. */
    async function travels(): Promise<void> {
      const { shop } = site
      const { payOrderId, inbox } = await shop.orders()
      await site.pays(payOrderId)
      await inbox.hears(1)
      expect(inbox.heard[0]?.fields).toMatchObject({ payOrderId, state: '2' })
      const back = site.merchant.inbox()
      await shop.refunds(payOrderId, { notifyUrl: back.url })
      await until(async () => {
        if (back.heard.length > 0) return true
        await site.passes(5_000)
        return false
      }, 'word of the refund')
      expect(back.heard[0]?.fields).toMatchObject({ payOrderId, state: '2', refundAmount: '300' })
    }

    it('is limited by what all share, as long as it is there', async () => {
      await travels()
      expect(await health()).toMatchObject({ http: 200, status: 'ok', redis: 'reachable' })
      expect(await redis.contents()).toContain(`rate:app:${site.shop.app.appId}`)
    })

    it('takes payments, tells and refunds when it dies in the middle of them', async () => {
      const journeys = [travels(), travels(), travels()]
      await redis.kill()
      await Promise.all([...journeys, travels()])
      const degraded = { http: 200, status: 'degraded', redis: 'unreachable' }
      expect(await health()).toMatchObject(degraded)
    })

    it('limits by itself meanwhile, and says when to come again', async () => {
      const { shop } = site
      const asks = async () => {
        const fields = signedBy(shop.app, { mchOrderNo: 'A1' })
        return fetch(requestOver('json', `${shop.baseUrl}/api/pay/query`, fields))
      }
      const answers: Response[] = []
      for (let asked = 0; asked < PER_MINUTE; asked += 10) {
        answers.push(...(await Promise.all(Array.from({ length: 10 }, asks))))
      }
      const refused = answers.filter(({ status }) => status === 429)
      expect(refused.length).toBeGreaterThan(0)
      expect(refused.length).toBeLessThan(PER_MINUTE)
      for (const answer of refused) {
        expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0)
        expect(await answer.json()).toEqual({ code: 9999, msg: '请求过于频繁，请稍后再试' })
      }
    })

    it('counts there again once it is back', async () => {
      await redis.restart()
      const before = redis.commands.length
      await until(async () => {
        await site.passes(10_000)
        return ((await health()) as { redis?: string }).redis === 'reachable'
      }, 'Redis to be asked again')
      await travels()
      expect(redis.commands.length).toBeGreaterThan(before)
      expect(await redis.contents()).toContain(`rate:app:${site.shop.app.appId}`)
    })

    specifyMore(() => ({ redis, site }))
  })
}

function specifyForgotten(
  here: () => { readonly redis: RestRedis; readonly site: Deployment },
): void {
  it('is sent again, in vain, what somebody recorded and Redis has forgotten', async () => {
    const { redis, site } = here()
    const { shop, bank } = site
    // Past what was refused in the minute before.
    await site.passes(2 * MINUTE_MS)
    const recorded = signedBy(shop.app, anOrder())
    const sends = () => shop.sends('/api/pay/unifiedOrder', recorded)
    const SEEN = { code: 9999, msg: '重复的请求，请重新签名后再发送' }
    const before = bank.calls.length
    const first = succeeded(await sends())
    expect(await sends()).toEqual(SEEN)
    await redis.kill()
    expect(await sends()).toMatchObject({ code: 0, data: first.data })
    expect(await sends()).toEqual(SEEN)
    expect(bank.calls.slice(before)).toEqual([`pay ${first.data.payOrderId}`])
  })
}
