import { Webhook } from 'standardwebhooks'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { rotateAppSecret } from '../../../core/merchant/secrets.ts'
import type { HttpRequest } from '../../../core/ports.ts'
import { webhookSecret } from '../../../core/signing/standard-webhooks.ts'
import { DAY_MS, MINUTE_MS } from '../../../core/time.ts'
import { openShop, type Shop, saying } from '../../kit/shop.ts'

// The package takes its time from the runtime.
beforeEach(() => {
  vi.useFakeTimers({ toFake: ['Date'] })
})
afterEach(() => {
  vi.useRealTimers()
})

/** A shop of which each request to the merchant is kept, and verified when it comes. */
async function openListening(secrets: () => readonly string[], allowsPrivateTargets = false) {
  const shop = await openShop({ allowsPrivateTargets })
  const heard: HttpRequest[] = []
  const verified: boolean[][] = []
  const { http, clock } = shop.gateway.core.ports
  const { send } = http
  Object.assign(http, {
    async send(request: HttpRequest) {
      if (request.headers['webhook-id'] !== undefined) {
        vi.setSystemTime(clock.now())
        heard.push(request)
        verified.push(await Promise.all(secrets().map((secret) => verifies(secret, request))))
      }
      return send(request)
    },
  })
  return { shop, heard, verified }
}

async function verifies(appSecret: string, { headers, body }: HttpRequest): Promise<boolean> {
  try {
    const webhook = new Webhook(await webhookSecret(appSecret))
    webhook.verify(String(body), { ...headers }, { jsonParse: false })
    return true
  } catch {
    return false
  }
}

async function pays(shop: Shop): Promise<void> {
  await shop.payerPays(await shop.orders())
}

describe('what each try of a notification carries', () => {
  it('verifies as a Standard Webhook: one id, the time of the try', async () => {
    const secrets: string[] = []
    const { shop, heard, verified } = await openListening(() => secrets)
    secrets.push(shop.app.appSecret, 'another secret')
    shop.merchantAnswers.push(saying('fail'), saying('fail'))
    await pays(shop)
    await shop.passes(2 * MINUTE_MS)
    expect(verified).toEqual([
      [true, false],
      [true, false],
      [true, false],
    ])
    expect(new Set(heard.map(({ headers }) => headers['webhook-id'])).size).toBe(1)
    expect(heard.map(({ headers }) => headers['webhook-timestamp'])).toEqual([
      '1767225600',
      '1767225630',
      '1767225690',
    ])
    expect(new Set(heard.map(({ body }) => String(body))).size).toBe(1)
  })

  it('verifies with the old secret and the new one while one takes the other’s place, then with the new', async () => {
    const secrets: string[] = []
    const { shop, verified } = await openListening(() => secrets)
    const { core } = shop.gateway
    const rotated = await rotateAppSecret(core, shop.app.appId, shop.clock.now() + DAY_MS)
    if (!rotated.ok) throw new Error(rotated.refusal.code)
    secrets.push(shop.app.appSecret, rotated.value.appSecret)
    // Signed with the old secret, which still verifies.
    await pays(shop)
    expect(verified).toEqual([[true, true]])
    await shop.clock.advance(DAY_MS + 1)
    await shop.passes(MINUTE_MS)
    const app = { ...shop.app, appSecret: rotated.value.appSecret }
    const answer = await shop.asksFor({}, app)
    await shop.payerPays(String(answer.data?.payOrderId))
    expect(verified.at(-1)).toEqual([false, true])
  })

  it('has ten seconds, takes a thousand bytes of an answer, and goes to the public Internet alone', async () => {
    const { shop, heard } = await openListening(() => [])
    await pays(shop)
    expect(heard).toMatchObject([
      {
        method: 'POST',
        timeoutMs: 10_000,
        maxAnswerBytes: 1_024,
        answerOverflow: 'cut',
        target: 'public',
      },
    ])
  })

  it('goes anywhere in a deployment that says so', async () => {
    const { shop, heard } = await openListening(() => [], true)
    await pays(shop)
    expect(heard).toHaveLength(1)
    expect(heard[0]).not.toHaveProperty('target')
  })
})
