import { z } from 'zod'

/** What the bank keeps of money that leaves a merchant: transfers, splits and returns of shares. */
export interface BankTransfer {
  readonly number: string
  readonly amount: number
  readonly account: string
  readonly payee: string
  readonly callbackUrl: string
  state: 'waiting' | 'paid' | 'failed' | 'closed'
}

export interface BankShare {
  readonly kind: 'merchant' | 'person'
  readonly account: string
  readonly amount: number
  state: 'pending' | 'paid' | 'failed'
}

export interface BankSplit {
  readonly number: string
  readonly order: string
  readonly payee: string
  readonly shares: readonly BankShare[]
  readonly callbackUrl: string
  /** The channel's word that it is over, which is more than that each share is. */
  state: 'pending' | 'finished'
}

export interface BankReturn {
  readonly number: string
  readonly split: string
  readonly account: string
  readonly amount: number
  readonly payee: string
  state: 'pending' | 'paid' | 'failed'
}

export interface MoneyOut {
  readonly transfers: Map<string, BankTransfer>
  readonly splits: Map<string, BankSplit>
  readonly returns: Map<string, BankReturn>
  /** Payee and receiver, as they were bound. */
  readonly receivers: Set<string>
  /** Transfers wait for their payee, splits and returns for the bank, where a test says so. */
  transfersWait: boolean
  splitsWait: boolean
  returnsWait: boolean
}

export function noMoneyOut(): MoneyOut {
  return {
    transfers: new Map(),
    splits: new Map(),
    returns: new Map(),
    receivers: new Set(),
    transfersWait: false,
    splitsWait: false,
    returnsWait: false,
  }
}

const receiver = z.object({ kind: z.enum(['merchant', 'person']), account: z.string() })

/** What the bank is asked, beside number, amount and order. */
export const moneyOutBody = z.object({
  payee: z.string().default('shop'),
  account: z.string().optional(),
  split: z.string().optional(),
  receiver: receiver.optional(),
  shares: z.array(receiver.extend({ amount: z.number() })).optional(),
})

type Asked = z.output<typeof moneyOutBody> & {
  readonly number: string
  readonly order?: string | undefined
  readonly amount?: number | undefined
  readonly callbackUrl?: string | undefined
}

export type Answer = Readonly<Record<string, unknown>>

/** Carries out one call. The same number is the same thing, however often it comes. */
export const moneyOutOperations: Readonly<
  Record<string, (books: MoneyOut, asked: Asked, isRefused: boolean) => Answer>
> = {
  transfer(books, asked, isRefused) {
    if (isRefused) return { result: 'declined' }
    const { number, amount = 0, account = '', payee, callbackUrl = '' } = asked
    const state = books.transfersWait ? 'waiting' : 'paid'
    const transfer = { number, amount, account, payee, callbackUrl, state } as const
    return { result: 'ok', ...describeTransfer(known(books.transfers, transfer)) }
  },
  query_transfer(books, { number, payee }) {
    const transfer = books.transfers.get(number)
    if (transfer?.payee !== payee) return { result: 'not_found' }
    return { result: 'ok', ...describeTransfer(transfer) }
  },
  cancel_transfer(books, { number, payee }, isRefused) {
    const transfer = books.transfers.get(number)
    if (isRefused || transfer?.payee !== payee) return { result: 'refused' }
    if (transfer.state === 'paid' || transfer.state === 'failed') return { result: 'refused' }
    transfer.state = 'closed'
    return { result: 'ok' }
  },
  bind_receiver(books, { payee, receiver }, isRefused) {
    if (isRefused || receiver === undefined) return { result: 'declined' }
    books.receivers.add(`${payee} ${receiver.kind} ${receiver.account}`)
    return { result: 'ok' }
  },
  unbind_receiver(books, { payee, receiver }, isRefused) {
    if (isRefused || receiver === undefined) return { result: 'declined' }
    books.receivers.delete(`${payee} ${receiver.kind} ${receiver.account}`)
    return { result: 'ok' }
  },
  split(books, asked, isRefused) {
    const { number, order = '', payee, shares = [], callbackUrl = '' } = asked
    const areBound = shares.every(({ kind, account }) =>
      books.receivers.has(`${payee} ${kind} ${account}`),
    )
    if (isRefused || !areBound) return { result: 'declined' }
    const state = books.splitsWait ? 'pending' : 'finished'
    const shareState = books.splitsWait ? ('pending' as const) : ('paid' as const)
    const split: BankSplit = {
      number,
      order,
      payee,
      callbackUrl,
      state,
      shares: shares.map((share) => ({ ...share, state: shareState })),
    }
    return { result: 'ok', ...describeSplit(known(books.splits, split)) }
  },
  query_split(books, { number, payee }) {
    const split = books.splits.get(number)
    if (split?.payee !== payee) return { result: 'not_found' }
    return { result: 'ok', ...describeSplit(split) }
  },
  return(books, asked, isRefused) {
    const { number, split = '', account = '', amount = 0, payee } = asked
    if (isRefused || books.splits.get(split)?.payee !== payee) return { result: 'declined' }
    const state = books.returnsWait ? 'pending' : 'paid'
    const back = { number, split, account, amount, payee, state } as const
    return { result: 'ok', ...describeReturn(known(books.returns, back)) }
  },
  query_return(books, { number, payee }) {
    const back = books.returns.get(number)
    if (back?.payee !== payee) return { result: 'not_found' }
    return { result: 'ok', ...describeReturn(back) }
  },
  identify: (_, { number }, isRefused) =>
    isRefused ? { result: 'declined' } : { result: 'ok', user: `user-of-${number}` },
}

function known<Thing extends { readonly number: string }>(
  things: Map<string, Thing>,
  fresh: Thing,
): Thing {
  const thing = things.get(fresh.number) ?? fresh
  things.set(fresh.number, thing)
  return thing
}

export function describeTransfer({ number, amount, payee, state }: BankTransfer): Answer {
  return { number, amount, payee, state, channelNo: `B${number}` }
}

export function describeSplit({ number, payee, shares, state }: BankSplit): Answer {
  return { number, payee, shares, state, channelNo: `B${number}` }
}

export function describeReturn({ number, amount, payee, state }: BankReturn): Answer {
  return { number, amount, payee, state, channelNo: `B${number}` }
}
