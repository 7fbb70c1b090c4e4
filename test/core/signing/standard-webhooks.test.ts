import { Webhook } from 'standardwebhooks'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { webhookHeaders, webhookSecret } from '../../../core/signing/standard-webhooks.ts'

const NOW_MS = 1_767_225_600_000

// The package takes its time from the runtime.
beforeEach(() => {
  vi.useFakeTimers({ toFake: ['Date'], now: NOW_MS })
})
afterEach(() => {
  vi.useRealTimers()
})

const message = { id: 'N1', atMs: NOW_MS, body: 'a=1&b=%E4%B8%AD' }

async function verifies(
  appSecret: string,
  headers: Readonly<Record<string, string>>,
  body: string,
) {
  const webhook = new Webhook(await webhookSecret(appSecret))
  try {
    webhook.verify(body, headers, { jsonParse: false })
    return true
  } catch {
    return false
  }
}

describe('the signature of Standard Webhooks', () => {
  it('verifies with the specification’s own package, and the secret that the app secret gives', async () => {
    const headers = await webhookHeaders(message, ['secret'])
    expect(await verifies('secret', headers, message.body)).toBe(true)
    expect(await verifies('other', headers, message.body)).toBe(false)
    expect(await verifies('secret', headers, 'a=2')).toBe(false)
    expect(await verifies('secret', { ...headers, 'webhook-id': 'N2' }, message.body)).toBe(false)
  })

  it('is the very one that the package makes', async () => {
    const webhook = new Webhook(await webhookSecret('secret'))
    const { 'webhook-signature': signature } = await webhookHeaders(message, ['secret'])
    expect(signature).toBe(webhook.sign('N1', new Date(NOW_MS), message.body))
  })

  it('has a secret that can be had from the app secret with other tools', async () => {
    // printf standard-webhooks | openssl dgst -sha256 -hmac secret -binary | base64
    expect(await webhookSecret('secret')).toBe('whsec_+Ta0uipacAd62OV5+4Uf4NyDfSOag18dG2iVXekI6sk=')
  })

  it('is there once for each secret while one is replaced', async () => {
    const headers = await webhookHeaders(message, ['new', 'old'])
    expect(headers['webhook-signature']?.split(' ')).toHaveLength(2)
    expect(await verifies('new', headers, message.body)).toBe(true)
    expect(await verifies('old', headers, message.body)).toBe(true)
    expect(await verifies('older', headers, message.body)).toBe(false)
  })

  it('has the time in whole seconds, and grows old', async () => {
    const headers = await webhookHeaders({ ...message, atMs: NOW_MS + 999 }, ['secret'])
    expect(headers['webhook-timestamp']).toBe('1767225600')
    vi.setSystemTime(NOW_MS + 301_000)
    expect(await verifies('secret', headers, message.body)).toBe(false)
  })
})
