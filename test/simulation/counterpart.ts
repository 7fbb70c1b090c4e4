import type { AnyChannel, SplitReceiver } from '../../core/plugin/api.ts'
import type { Json } from '../../core/plugin/simulator.ts'
import type { HttpAnswer, HttpRequest } from '../../core/ports.ts'
import { type Bank, type BankOptions, openBank } from './bank.ts'
import type { Chance } from './chance.ts'
import { FIRST_KEY, PAYER_CANARY, simulatedChannel } from './channel.ts'
import type { OrderPlan, Plan } from './plan.ts'

/** Who is at the other end of a history: the model's bank, or a channel by its real protocol. */
export interface Counterpart {
  readonly plugin: AnyChannel
  /** Its ways, by those that plans speak of. */
  readonly ways: Readonly<Record<OrderPlan['way'], string>>
  /** What it calls the way out for transfers. */
  readonly entry: string
  /** What may be in no log, event or answer. */
  readonly canaries: readonly string[]
  /** Whether each sending is one call; else it may be several, to two hosts. */
  readonly callsOnce: boolean
  /** Whether an order that it refuses is kept as declined; else it is nowhere, or closed by its time. */
  readonly keepsRefused: boolean
  /** Whether its "not found" is final before the latest call has arrived. */
  readonly isFinalEarly: boolean
  /** A plan without what it cannot play a part in. */
  adapts(plan: Plan): Plan
  settings(): Promise<Readonly<Record<string, Json>>>
  /** What a way wants beside the amount, as JeePay's `channelExtra`. */
  extraOf(way: OrderPlan['way'], chance: Chance, nowMs: number): string | undefined
  /** To whom it sends money, in the words of JeePay's transfer. */
  readonly payee: Readonly<Record<string, string>>
  /** Who may have shares of payments, and how much. */
  readonly sharers: readonly (readonly [receiver: SplitReceiver, partsPerMillion: number])[]
  /** Answers what is called before any history: receivers are made known. */
  isFurnished(request: HttpRequest): Promise<HttpAnswer>
  /** Whether it takes what we answered its callback for a yes. */
  isAcknowledged(answer: Response): Promise<boolean>
  openBank(options: BankOptions): Bank
}

export const COUNTERPARTS = ['model', 'wechat', 'alipay'] as const
export type CounterpartName = (typeof COUNTERPARTS)[number]

/** The channels' own are loaded only where they are wanted: they come with their plugins. */
export async function counterpartOf(name: CounterpartName): Promise<Counterpart> {
  if (name === 'model') return modelBank
  const { SIMULATED } = await import('./simulators.ts')
  return SIMULATED[name]()
}

/** Costs next to nothing, breaks its word, and plays a part in all that a plan can have in it. */
export const modelBank: Counterpart = {
  plugin: simulatedChannel,
  ways: { WX_NATIVE: 'WX_NATIVE', WX_BAR: 'WX_BAR', ALI_APP: 'ALI_APP' },
  entry: 'WX_CASH',
  payee: { accountNo: 'payee' },
  canaries: ['key-canary', PAYER_CANARY],
  callsOnce: true,
  keepsRefused: true,
  isFinalEarly: false,
  adapts: (plan) => plan,
  settings: async () => ({ merchant: 'shop', key: FIRST_KEY }),
  extraOf: (way) => (way === 'WX_BAR' ? '{"authCode":"100000000000000001"}' : undefined),
  sharers: [
    [{ kind: 'merchant', account: 'partner', relation: 'STORE' }, 300_000],
    [{ kind: 'merchant', account: 'store', relation: 'STORE' }, 200_000],
  ],
  isFurnished: async () => ({ kind: 'not_sent', reason: 'nobody calls' }),
  isAcknowledged: async ({ status }) => status === 200,
  openBank,
}
