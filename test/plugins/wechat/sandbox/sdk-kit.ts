/** The simulator on a loopback port and in real time, for SDKs that somebody else wrote. */
import { randomBytes } from 'node:crypto'
import {
  createWechatSimulator,
  type WechatSimulatorOptions,
} from '../../../../plugins/wechat/sandbox/index.ts'
import { memoryBooks } from '../../../kit/books.ts'
import { serveSimulator } from '../../../kit/serve-simulator.ts'

export interface Told {
  readonly headers: Headers
  readonly body: string
}

export async function openLiveWechat(options: WechatSimulatorOptions = {}) {
  const told: Told[] = []
  const simulator = createWechatSimulator(
    {
      clock: { now: () => Date.now(), sleep: (ms) => new Promise((end) => setTimeout(end, ms)) },
      random: { bytes: (length) => Uint8Array.from(randomBytes(length)) },
      books: memoryBooks(),
      async callback(request) {
        told.push({ headers: request.headers, body: await request.text() })
        return new Response(null, { status: 204 })
      },
    },
    { refundTakesMs: 0, ...options },
  )
  const { url, close } = await serveSimulator(simulator)
  return { simulator, told, url, close }
}

export function order(out_trade_no: string) {
  return {
    description: '测试商品',
    out_trade_no,
    notify_url: 'http://127.0.0.1:9/n/wx/1',
    amount: { total: 100, currency: 'CNY' },
  }
}

export function refund(out_trade_no: string, out_refund_no: string, fen: number) {
  return {
    out_trade_no,
    out_refund_no,
    notify_url: 'http://127.0.0.1:9/n/wx/refund',
    amount: { refund: fen, total: 100, currency: 'CNY' },
  }
}
