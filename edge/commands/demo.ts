/** `npm run demo`: orders from their first request to half of their refund, each step printed. */
import { spawn } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import * as z from 'zod'
import { verifyJeepay } from '../../core/signing/jeepay.ts'
import { signedFields } from '../sandbox/demo-shop.ts'

const PATIENCE_MS = 30_000

/** One order through each. */
const WAYS = [
  ['WX_NATIVE', 'WeChat Pay'],
  ['ALI_QR', 'Alipay'],
] as const

const sandboxFile = z.object({
  baseUrl: z.string(),
  mchNo: z.string(),
  appId: z.string(),
  appSecret: z.string(),
})
const envelope = z.object({
  code: z.number(),
  msg: z.string(),
  data: z.record(z.string(), z.union([z.string(), z.number()])).default({}),
  sign: z.string().optional(),
})

const stopGateway = await reachGateway()
const demo = sandboxFile.parse(JSON.parse(readFileSync('.tongbao/sandbox.json', 'utf8')))
const heard: Record<string, string>[] = []
const shop = await listen()
try {
  for (const [wayCode, channel] of WAYS) await run(wayCode, channel)
  console.log('\nDone: nothing was lost, and every message was signed.')
} finally {
  shop.close()
  await stopGateway()
}

async function run(wayCode: string, channel: string): Promise<void> {
  const notifyUrl = `http://127.0.0.1:${shop.port}/notify`
  step(`The shop orders 10.00 yuan, to be paid by scanning a code with ${channel}`)
  const order = await call('/api/pay/unifiedOrder', {
    mchOrderNo: `SHOP${Date.now()}`,
    wayCode,
    amount: 1_000,
    currency: 'CNY',
    subject: 'A cup of tea',
    body: 'A cup of tea',
    notifyUrl,
  })
  show('payOrderId', order.payOrderId)
  show('code to scan', order.payData)

  step('The payer scans it and pays')
  const paid = await fetch(`${demo.baseUrl}/sandbox/api/orders/${order.payOrderId}/pay`, {
    method: 'POST',
  })
  if (!paid.ok) throw new Error(`the payer could not pay: ${await paid.text()}`)

  step('The shop is told')
  const told = await hear((fields) => fields.payOrderId === order.payOrderId)
  show('notification', `state ${told.state}, amount ${told.amount} fen, sign verified`)

  step('The shop asks, to be sure')
  const seen = await call('/api/pay/query', { payOrderId: String(order.payOrderId) })
  show('state', `${seen.state} (2 is paid)`)

  step('The shop gives half of it back')
  const refund = await call('/api/refund/refundOrder', {
    payOrderId: String(order.payOrderId),
    mchRefundNo: `BACK${Date.now()}`,
    refundAmount: 500,
    currency: 'CNY',
    refundReason: 'Half of it was spilled',
    notifyUrl,
  })
  show('refundOrderId', refund.refundOrderId)
  const back = await hear((fields) => fields.refundOrderId === refund.refundOrderId)
  show(
    'notification',
    `state ${back.state} (2 is refunded), ${back.refundAmount} fen, sign verified`,
  )
}

/** A gateway that is there already, or one of our own until we are done. */
async function reachGateway(): Promise<() => Promise<void>> {
  const url = runningUrl()
  if (url !== undefined && (await answers(url))) return async () => {}
  step('No gateway is running here: starting one')
  const entry = fileURLToPath(new URL('../node.ts', import.meta.url))
  const child = spawn(process.execPath, [entry, '--sandbox'], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, TONGBAO_LOG_LEVEL: 'error' },
  })
  const isUp = new Promise<void>((resolve, reject) => {
    child.stdout.on('data', (text: Buffer) => text.includes('Merchant API') && resolve())
    child.once('exit', (code) => reject(new Error(`the gateway ended with ${code}`)))
  })
  await isUp
  return async () => {
    const gone = new Promise((resolve) => child.once('exit', resolve))
    child.removeAllListeners('exit')
    child.kill('SIGTERM')
    await Promise.race([gone, sleep(5_000)])
  }
}

function runningUrl(): string | undefined {
  if (!existsSync('.tongbao/sandbox.json')) return undefined
  return sandboxFile.parse(JSON.parse(readFileSync('.tongbao/sandbox.json', 'utf8'))).baseUrl
}

async function answers(url: string): Promise<boolean> {
  const health = await fetch(`${url}/healthz`).catch(() => undefined)
  return health?.ok === true
}

/** The shop's own server: it believes a notification only when its sign is right. */
function listen(): Promise<{ readonly port: number; close(): void }> {
  const server = createServer(async (request, response) => {
    let body = ''
    for await (const chunk of request) body += chunk
    const fields = Object.fromEntries(new URLSearchParams(body))
    const isSigned = verifyJeepay(Object.entries(fields), demo.appSecret, fields.sign ?? '')
    if (isSigned) heard.push(fields)
    response.end(isSigned ? 'success' : 'fail')
  })
  return new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => {
      const address = server.address()
      if (address === null || typeof address === 'string') throw new Error('no port to listen on')
      resolve({ port: address.port, close: () => server.close() })
    })
  })
}

async function hear(
  isIt: (fields: Record<string, string>) => boolean,
): Promise<Record<string, string>> {
  const giveUpAtMs = Date.now() + PATIENCE_MS
  while (Date.now() < giveUpAtMs) {
    const fields = heard.find(isIt)
    if (fields !== undefined) return fields
    await sleep(50)
  }
  throw new Error(`no notification within ${PATIENCE_MS / 1_000} s`)
}

async function call(path: string, fields: Readonly<Record<string, string | number>>) {
  const response = await fetch(demo.baseUrl + path, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(signedFields(demo, fields, Date.now())),
  })
  const answer = envelope.parse(await response.json())
  if (answer.code !== 0) throw new Error(`${path} answered ${answer.code} ${answer.msg}`)
  const data = Object.entries(answer.data).map(([name, value]) => [name, String(value)] as const)
  if (!verifyJeepay(data, demo.appSecret, answer.sign ?? '')) {
    throw new Error(`${path} answered with a wrong sign`)
  }
  return answer.data
}

function step(text: string): void {
  console.log(`\n● ${text}`)
}

function show(name: string, value: unknown): void {
  console.log(`  ${name.padEnd(14)} ${String(value)}`)
}
