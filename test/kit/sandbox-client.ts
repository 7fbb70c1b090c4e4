import type { PayerCode, SimulatedPayment } from '../../core/plugin/simulator.ts'

/** What a sandbox tells of an order, to whoever plays the payer. */
export interface SandboxOrder {
  readonly payOrderId: string
  readonly mchOrderNo: string
  readonly state: number
  readonly stateName: string
  readonly channelState: string | null
  readonly actions: readonly string[]
  readonly refunds: readonly {
    readonly refundId: string
    readonly amount: number
    readonly state: string
  }[]
  readonly notifications: readonly {
    readonly kind: string
    readonly state: string
    readonly tries: readonly {
      readonly number: number
      readonly status: number | null
      readonly answer: string | null
      readonly problem: string | null
    }[]
  }[]
}

export interface SandboxFault {
  readonly on: string
  readonly fault: string
  readonly times?: number
  readonly delayMs?: number
}

/** Plays payer, channel and time over `/sandbox/api`. */
export interface SandboxClient {
  order(payOrderId: string): Promise<SandboxOrder>
  orderOf(mchOrderNo: string): Promise<SandboxOrder | undefined>
  /** @returns why it is not possible, if so */
  acts(payOrderId: string, outcome: string): Promise<string | undefined>
  pays(payOrderId: string): Promise<void>
  /** The code that a payer's phone shows now, by what becomes of a payment that is charged with it. */
  payerCode(outcome: string): Promise<string>
  /** Plays the payee of a transfer. @returns why it is not possible, if so */
  takes(transferId: string, outcome?: string): Promise<string | undefined>
  /** All that the channel knows of, whoever asked for it. */
  paymentsAtChannel(): Promise<readonly SimulatedPayment[]>
  /** How the channel misbehaves from now on; none to end it. */
  misbehaves(...faults: readonly SandboxFault[]): Promise<void>
  /** Time passes, and what is due by then is done. */
  passes(ms: number): Promise<void>
  /** What is due now is done: where nobody runs the cron, as on workerd, nothing else does it. */
  ticks(): Promise<void>
}

/** @param channel whose codes, payments and misbehaviour it is about */
export function sandboxClient(baseUrl: string, channel = 'wxpay'): SandboxClient {
  const api = `${baseUrl}/sandbox/api`

  /**
   * A look from beside, not what is tested. Under Miniflare one was seen to be answered in these words,
   * from its own front before workerd: then it is looked once more, and no other failure is let pass.
   */
  async function get(path: string, looksAgain = true): Promise<unknown> {
    const response = await fetch(api + path)
    if (response.ok) return response.json()
    const said = await response.text()
    if (looksAgain && said.startsWith('Error: Network connection lost.')) return get(path, false)
    throw new Error(`${path}: ${response.status} ${said}`)
  }

  async function post(path: string, body: unknown): Promise<Response> {
    const headers = { 'content-type': 'application/json' }
    return fetch(api + path, { method: 'POST', headers, body: JSON.stringify(body) })
  }

  async function does(path: string, body: unknown): Promise<void> {
    const response = await post(path, body)
    if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`)
    await response.body?.cancel()
  }

  async function plays(path: string, outcome: string): Promise<string | undefined> {
    const response = await post(path, { outcome })
    const { error } = (await response.json()) as { error?: string }
    if (!response.ok && response.status !== 409) throw new Error(`${response.status} ${error}`)
    return error
  }

  return {
    order: async (payOrderId) => (await get(`/orders/${payOrderId}`)) as SandboxOrder,
    async orderOf(mchOrderNo) {
      const { orders } = (await get('/orders')) as { orders: readonly SandboxOrder[] }
      return orders.find((order) => order.mchOrderNo === mchOrderNo)
    },
    acts: (payOrderId, outcome) => plays(`/orders/${payOrderId}/pay`, outcome),
    takes: (transferId, outcome = 'pay') => plays(`/transfers/${transferId}/take`, outcome),
    async payerCode(outcome) {
      const { codes } = (await get(`/channels/${channel}/codes`)) as { codes: readonly PayerCode[] }
      const found = codes.find((code) => code.outcome === outcome)
      if (found === undefined) throw new Error(`no code for ${outcome} at ${channel}`)
      return found.code
    },
    pays: (payOrderId) => does(`/orders/${payOrderId}/pay`, { outcome: 'pay' }),
    async paymentsAtChannel() {
      const { payments } = (await get(`/channels/${channel}/payments`)) as {
        payments: readonly SimulatedPayment[]
      }
      return payments
    },
    misbehaves: (...faults) => does('/faults', { channel, faults }),
    passes: (ms) => does('/clock', { advanceMs: ms }),
    ticks: () => does('/clock', { advanceMs: 0 }),
  }
}
