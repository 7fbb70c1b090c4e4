/** A channel's simulator in a process of its own, as `npm run simulator` starts it. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { Rsa, Wechatpay } from 'wechatpay-axios-plugin'
import * as z from 'zod'
import { until } from '../../kit/until.ts'

const COMMAND = fileURLToPath(new URL('../../../edge/commands/simulator.ts', import.meta.url))

const settingsSchema = z.object({
  settings: z.object({
    mchid: z.string(),
    appid: z.string(),
    merchantSerial: z.string(),
    merchantPrivateKey: z.string(),
    wechatpayPublicKey: z.object({ id: z.string(), key: z.string() }),
  }),
})

const codesSchema = z.object({ codes: z.array(z.object({ outcome: z.string() })) })

let child: ChildProcess
let url = ''
let shop: Server
const told: { readonly serial: string; readonly signature: string; readonly text: string }[] = []

beforeAll(async () => {
  child = spawn(process.execPath, [COMMAND, 'wxpay', '0'], { stdio: ['ignore', 'pipe', 'inherit'] })
  let printed = ''
  child.stdout?.on('data', (text: Buffer) => {
    printed += text
  })
  await until(() => /http:\S+/.test(printed), 'the simulator to listen')
  url = /http:\S+/.exec(printed)?.[0] ?? ''
  shop = createServer(async (request, response) => {
    let text = ''
    for await (const chunk of request) text += chunk
    const header = (name: string) => String(request.headers[`wechatpay-${name}`])
    const signed = `${header('timestamp')}\n${header('nonce')}\n${text}\n`
    told.push({ serial: header('serial'), signature: header('signature'), text: signed })
    response.writeHead(204).end()
  })
  shop.listen(0, '127.0.0.1')
  await once(shop, 'listening')
}, 30_000)

afterAll(async () => {
  shop.close()
  child.kill('SIGTERM')
  if (child.exitCode === null) await once(child, 'exit')
})

async function operate(path: string, body?: object): Promise<unknown> {
  const init = body && { method: 'POST', body: JSON.stringify(body) }
  return (await fetch(`${url}/_/${path}`, init)).json()
}

async function openClient() {
  const { settings } = settingsSchema.parse(await operate('settings'))
  const { id, key } = settings.wechatpayPublicKey
  const client = new Wechatpay({
    mchid: settings.mchid,
    serial: settings.merchantSerial,
    privateKey: settings.merchantPrivateKey,
    certs: { [id]: key },
    baseURL: url,
  })
  return { client, settings }
}

it('serves a client of WeChat Pay, lets somebody play the payer, and tells the shop', async () => {
  const { client, settings } = await openClient()
  const { id, key } = settings.wechatpayPublicKey
  const { port } = shop.address() as AddressInfo
  const made = await client.chain('v3/pay/transactions/native').post({
    appid: settings.appid,
    mchid: settings.mchid,
    description: '一杯茶',
    out_trade_no: 'ALONE0001',
    notify_url: `http://127.0.0.1:${port}/notify`,
    amount: { total: 100 },
  })
  const handed: unknown = Reflect.get(made.data, 'code_url')
  expect(await operate('open', { handed })).toEqual({ number: 'ALONE0001' })
  expect(await operate('act', { number: 'ALONE0001', outcome: 'pay' })).toEqual({})
  expect(await operate('payments')).toMatchObject({ payments: [{ state: 'SUCCESS' }] })
  await until(() => told.length > 0, 'the shop to be told')
  const [{ serial, signature, text } = { serial: '', signature: '', text: '' }] = told
  expect(serial).toBe(id)
  expect(Rsa.verify(text, signature, key)).toBe(true)
})

it('misbehaves when it is told to, and lives by a clock that can be put forward', async () => {
  const { client, settings } = await openClient()
  const query = client.chain('v3/pay/transactions/out-trade-no/ALONE0002')
  const params = { mchid: settings.mchid }
  const faults = [
    { on: 'query', fault: 'reset_before' },
    { on: 'query', fault: 'silence_before' },
  ]
  expect(await operate('faults', { faults })).toEqual({})
  await expect(query.get({ params })).rejects.toMatchObject({ code: 'ECONNRESET' })
  await expect(query.get({ params, timeout: 200 })).rejects.toMatchObject({ code: 'ECONNABORTED' })
  await expect(query.get({ params })).rejects.toMatchObject({ response: { status: 404 } })
  const before = z.object({ nowMs: z.number() }).parse(await operate('clock', { advanceMs: 0 }))
  const after = z.object({ nowMs: z.number() }).parse(await operate('clock', { advanceMs: 60_000 }))
  expect(after.nowMs - before.nowMs).toBeGreaterThanOrEqual(60_000)
  const { codes } = codesSchema.parse(await operate('codes'))
  expect(codes.map(({ outcome }) => outcome)).toContain('paid')
  expect((await fetch(`${url}/_/act`, { method: 'POST', body: '{}' })).status).toBe(400)
})
