import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'
import { DEMO_APP_KEY } from '../../../../plugins/alipay/sandbox/crypto/keys.ts'
import { createOrder, readAnswer, signedFields } from './alipay-kit.ts'

/** The simulator in a process of its own, and a merchant's address that it can reach. */
async function start() {
  const told: URLSearchParams[] = []
  let heard = () => {}
  const hearing = new Promise<void>((resolve) => {
    heard = resolve
  })
  const shop = createServer(async (request, response) => {
    const chunks = await Array.fromAsync(request as AsyncIterable<Buffer>)
    told.push(new URLSearchParams(Buffer.concat(chunks).toString()))
    response.end('success')
    heard()
  }).listen(0, '127.0.0.1')
  await once(shop, 'listening')
  const notifyUrl = `http://127.0.0.1:${(shop.address() as AddressInfo).port}/n`

  const script = fileURLToPath(new URL('./stand-alone.ts', import.meta.url))
  const alipay = spawn(process.execPath, [script, '{"mode":"key"}'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const lines = createInterface({ input: alipay.stdout })
  const [line] = (await once(lines, 'line')) as [string]
  const { url, settings }: { url: string; settings: Record<string, string> } = JSON.parse(line)
  return {
    url,
    settings,
    told,
    hearing,
    notifyUrl,
    async end() {
      alipay.kill()
      shop.close()
      await once(alipay, 'exit')
    },
  }
}

it('runs as a process: orders, a payer at the cashier, and a callback over the network', async () => {
  const { url, settings, told, hearing, notifyUrl, end } = await start()
  try {
    const { appId = '' } = settings
    expect(settings).toMatchObject({ mode: 'key', environment: 'sandbox' })
    const call = async (method: string, content: unknown) => {
      const as = { appId, privateKey: DEMO_APP_KEY.privateKey }
      const fields = signedFields(Date.now(), method, content, {
        as,
        fields: { notify_url: notifyUrl },
      })
      const body = new URLSearchParams(fields)
      return readAnswer(method, await fetch(`${url}/gateway.do`, { method: 'POST', body }))
    }
    const { out_trade_no } = createOrder()
    const made = await call('alipay.trade.create', createOrder())
    expect(made).toMatchObject({ verified: true, node: { code: '10000', out_trade_no } })

    const pressed = new URLSearchParams({ ticket: String(made.node.trade_no), action: 'pay' })
    const paid = await fetch(`${url}/cashier.htm`, { method: 'POST', body: pressed })
    expect(paid.status).toBe(200)
    await hearing
    expect(told[0]?.get('trade_status')).toBe('TRADE_SUCCESS')
    const asked = await call('alipay.trade.query', { out_trade_no })
    expect(asked.node).toMatchObject({ trade_status: 'TRADE_SUCCESS' })
  } finally {
    await end()
  }
})
