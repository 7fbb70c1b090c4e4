import type { HttpAnswer, HttpRequest } from '../../core/ports.ts'
import { DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS } from '../../core/time.ts'
import { type Chance, chanceOf } from './chance.ts'
import { FIRST_KEY, type Said, sealed, signBank } from './channel.ts'
import type { Plan } from './plan.ts'
import type { Timeline } from './timeline.ts'

export interface BankOrder {
  readonly number: string
  readonly name: string
  readonly fen: number
  readonly callbackUrl: string
  /** By the world's clock. */
  readonly madeAtMs: number
  readonly charged: boolean
  state: 'unpaid' | 'paid' | 'closed' | 'declined'
  paidAtMs: number
  /** The bank had closed or declined it, and took the money all the same. */
  paidAfterEnd: boolean
  /** A close came after the payer, and gave the money back. */
  paidBack: boolean
  /** A well signed callback said something else of it than is true. */
  liedAbout: boolean
  closeAsked: boolean
}

export interface BankRefund {
  readonly number: string
  readonly name: string
  readonly order: string
  readonly fen: number
  readonly callbackUrl: string
  state: 'pending' | 'abnormal' | 'paid' | 'declined'
  atMs: number
}

export interface BankTransfer {
  readonly number: string
  readonly name: string
  readonly fen: number
  readonly callbackUrl: string
  state: 'pending' | 'waiting' | 'paid' | 'closed' | 'declined'
  atMs: number
}

interface BankShare {
  readonly account: string
  readonly fen: number
  state: 'pending' | 'succeeded' | 'failed'
}

export interface BankSplit {
  readonly number: string
  readonly order: string
  readonly shares: BankShare[]
  state: 'pending' | 'paid'
}

export interface BankReturn {
  readonly number: string
  readonly order: string
  readonly account: string
  readonly fen: number
  state: 'pending' | 'paid' | 'declined'
  atMs: number
}

/** What a call asks for, and which of our numbers it is about. */
export interface BankCall {
  readonly operation: string
  readonly number: string
  /** For people. */
  readonly text: string
}

/** What a call meets, beyond what happens to it on its way. */
export type BankMood = 'plain' | 'declines' | 'refuses' | 'lags' | 'busy' | 'calls_back_first'

/** A callback as it was written once; sent again it says the same. */
export interface Callback {
  readonly name: string
  readonly url: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body: Uint8Array<ArrayBuffer>
  readonly about: string
}

export interface Bank {
  readonly orders: ReadonlyMap<string, BankOrder>
  readonly refunds: ReadonlyMap<string, BankRefund>
  readonly transfers: ReadonlyMap<string, BankTransfer>
  readonly splits: ReadonlyMap<string, BankSplit>
  readonly returns: ReadonlyMap<string, BankReturn>
  readonly callbacks: readonly Callback[]
  isCalledBy(request: HttpRequest): boolean
  readCall(request: HttpRequest): BankCall
  /** Carries a call out, and answers. */
  serve(request: HttpRequest, mood: BankMood): Promise<HttpAnswer>
  /** Does what is due by its clock, where that does not come about by itself. */
  ticks(): void
  /** The payer pays what is shown; nothing when it can't be paid (any more). */
  payerPays(number: string): boolean
  /** The payer opens what was signed here, and pays. */
  payerOpens(signedOrder: string): boolean
  /** The bank takes the money of an order that it had closed or declined. */
  paysAfterEnd(number: string): boolean
  payeeTakes(number: string): boolean
  /** A callback of a kind that a bank should not send, well signed or not. */
  misspeaks(number: string, how: 'forged' | 'other_amount' | 'other_payee'): Callback | undefined
  /** From now on calls may be signed with this key too. */
  takesKey(key: string): void
  /** From now on callbacks are signed with it. */
  signsWith(key: string): void
  /** What it still has to end is ended; nothing waits any more. */
  decides(): void
}

/** What a bank needs of the world that it is in. */
export interface BankOptions {
  readonly timeline: Timeline
  readonly plan: Plan
  /** Has the world tell us, again and again. */
  readonly announce: (callback: Callback) => void
  /** Tells us once. `undefined` when nobody answered in time. */
  readonly callBack: (callback: Callback) => Promise<Response | undefined>
  /** Tells of what must never reach a bank. */
  readonly fault: (what: string) => void
  readonly tell: (line: () => string) => void
}

export function openBank({
  timeline,
  plan: { seed, weather },
  announce,
  fault,
}: BankOptions): Bank {
  const orders = new Map<string, BankOrder>()
  const refunds = new Map<string, BankRefund>()
  const transfers = new Map<string, BankTransfer>()
  const splits = new Map<string, BankSplit>()
  const returns = new Map<string, BankReturn>()
  const callbacks: Callback[] = []
  const keys = [FIRST_KEY]
  const unended: (() => void)[] = []
  let isCalm = false
  const nowMs = () => timeline.nowMs() + weather.bankSkewMs

  /** Ends something later; at once when the bank is told to decide. */
  function later(inMs: number, ends: () => void): void {
    if (isCalm) {
      ends()
      return
    }
    let ended = false
    const once = () => {
      if (ended) return
      ended = true
      ends()
    }
    unended.push(once)
    timeline.after(inMs, once)
  }

  function say(said: Said, name: string, url: string, key = keys[0] ?? ''): Callback {
    const { number = '' } = said
    const about = `${name} ${said.state}`
    return {
      name: `callback ${callbacks.length + 1}`,
      url,
      body: sealed(said, key),
      about: `${about} (${number})`,
    }
  }

  function tell(said: Said, name: string, url: string): void {
    const callback = say(said, name, url)
    callbacks.push(callback)
    announce(callback)
  }

  const describeOrder = ({ number, fen, state, paidAtMs }: BankOrder): Said => ({
    result: 'ok',
    state,
    number,
    fen,
    payee: 'shop',
    no: `B${number}`,
    atMs: paidAtMs,
  })
  const describe = ({
    number,
    fen,
    state,
    atMs,
  }: BankRefund | BankTransfer | BankReturn): Said => ({
    result: 'ok',
    state,
    number,
    fen,
    payee: 'shop',
    no: `B${number}`,
    atMs,
  })

  function takeMoney(order: BankOrder): void {
    order.state = 'paid'
    order.paidAtMs = nowMs()
    tell(describeOrder(order), order.name, order.callbackUrl)
  }

  function ends(order: BankOrder, state: 'closed' | 'declined'): void {
    order.state = state
    tell(describeOrder(order), order.name, order.callbackUrl)
  }

  function makeOrder(asked: Asked, chance: Chance): BankOrder {
    const order: BankOrder = {
      number: asked.number,
      name: asked.name ?? '',
      fen: asked.fen ?? 0,
      callbackUrl: asked.callbackUrl ?? '',
      madeAtMs: timeline.nowMs(),
      charged: asked.code !== undefined,
      state: 'unpaid',
      paidAtMs: 0,
      paidAfterEnd: false,
      paidBack: false,
      liedAbout: false,
      closeAsked: false,
    }
    orders.set(order.number, order)
    if (order.charged && chance.is(0.6)) takeMoney(order)
    return order
  }

  const operations: Readonly<Record<string, (asked: Asked, mood: BankMood) => Said>> = {
    pay(asked, mood) {
      const chance = chanceOf(seed, `bank takes ${asked.name}`)
      const known = orders.get(asked.number)
      if (known?.charged) fault(`${asked.name} was charged twice`)
      if (known !== undefined && known.fen !== asked.fen) {
        fault(`${asked.name} was sent again with another amount`)
      }
      const order = known ?? makeOrder(asked, chance)
      if (known === undefined && mood === 'declines' && order.state === 'unpaid') {
        ends(order, 'declined')
      }
      if (mood === 'calls_back_first' && order.state === 'unpaid') takeMoney(order)
      if (order.state === 'declined') return { result: 'declined' }
      if (order.state === 'closed') return { result: 'refused' }
      if (order.charged) return describeOrder(order)
      return { result: 'ok', qr: `bank://${order.number}` }
    },
    query({ number }, mood) {
      const order = orders.get(number)
      if (order === undefined) return { result: 'not_found' }
      if (mood === 'lags' && timeline.nowMs() - order.madeAtMs < MINUTE_MS) {
        return { result: 'not_found' }
      }
      if (mood === 'lags' && order.state === 'paid') {
        const before = order.paidAfterEnd ? 'closed' : 'unpaid'
        return { ...describeOrder(order), state: before }
      }
      return describeOrder(order)
    },
    close({ number }, mood) {
      const order = orders.get(number)
      if (order === undefined) return { result: 'not_found' }
      if (mood === 'refuses') return { result: 'refused' }
      order.closeAsked = true
      if (order.state === 'paid') return { result: 'already_paid' }
      if (order.state === 'declined') return { result: 'ok' }
      ends(order, 'closed')
      return { result: 'ok' }
    },
    refund(asked, mood) {
      const known = refunds.get(asked.number)
      if (known !== undefined) return describe(known)
      // Kept as a declined one, so that the same number is answered the same.
      const declines = mood === 'declines'
      const refund: BankRefund = {
        number: asked.number,
        name: asked.name ?? '',
        order: asked.order ?? '',
        fen: asked.fen ?? 0,
        callbackUrl: asked.callbackUrl ?? '',
        state: declines ? 'declined' : 'pending',
        atMs: nowMs(),
      }
      refunds.set(refund.number, refund)
      if (!declines) checkRefunds(refund)
      if (!declines) settleRefund(refund, chanceOf(seed, `bank refunds ${refund.name}`))
      return describe(refund)
    },
    query_refund({ number }, mood) {
      const refund = refunds.get(number)
      if (refund === undefined || mood === 'lags') {
        return refund === undefined || nowMs() - refund.atMs < MINUTE_MS
          ? { result: 'not_found' }
          : describe(refund)
      }
      return describe(refund)
    },
    transfer(asked, mood) {
      const known = transfers.get(asked.number)
      if (known !== undefined) {
        if (known.fen !== asked.fen) fault(`${asked.name} was sent again with another amount`)
        return describe(known)
      }
      const transfer: BankTransfer = {
        number: asked.number,
        name: asked.name ?? '',
        fen: asked.fen ?? 0,
        callbackUrl: asked.callbackUrl ?? '',
        state: mood === 'declines' ? 'declined' : 'pending',
        atMs: nowMs(),
      }
      transfers.set(transfer.number, transfer)
      for (const other of transfers.values()) {
        if (other !== transfer && other.name === transfer.name) {
          fault(`${transfer.name} was sent under two numbers`)
        }
      }
      if (transfer.state === 'pending') {
        settleTransfer(transfer, chanceOf(seed, `bank transfers ${transfer.name}`))
      }
      return describe(transfer)
    },
    query_transfer({ number }, mood) {
      const transfer = transfers.get(number)
      if (transfer === undefined) return { result: 'not_found' }
      if (mood === 'lags' && nowMs() - transfer.atMs < MINUTE_MS) return { result: 'not_found' }
      return describe(transfer)
    },
    cancel_transfer({ number }, mood) {
      const transfer = transfers.get(number)
      if (transfer?.state !== 'waiting' || mood === 'refuses') return { result: 'refused' }
      later(2 * SECOND_MS, () => endTransfer(transfer, 'closed'))
      return { result: 'accepted' }
    },
    split(asked, mood) {
      const known = splits.get(asked.number)
      if (known !== undefined) return describeSplit(known)
      if (mood === 'declines') return { result: 'declined' }
      const split: BankSplit = {
        number: asked.number,
        order: asked.order ?? '',
        shares: (asked.shares ?? []).map((share) => ({ ...share, state: 'pending' })),
        state: 'pending',
      }
      splits.set(split.number, split)
      checkShares(split)
      const chance = chanceOf(seed, `bank splits ${orders.get(split.order)?.name}`)
      const ends = () => {
        for (const share of split.shares) share.state = chance.is(0.8) ? 'succeeded' : 'failed'
        split.state = 'paid'
      }
      if (chance.is(0.3)) ends()
      else later(chance.pick([SECOND_MS, 30 * SECOND_MS, HOUR_MS]), ends)
      return describeSplit(split)
    },
    query_split({ number }) {
      const split = splits.get(number)
      return split === undefined ? { result: 'not_found' } : describeSplit(split)
    },
    split_return(asked, mood) {
      const known = returns.get(asked.number)
      if (known !== undefined) return describe(known)
      const taken: BankReturn = {
        number: asked.number,
        order: asked.order ?? '',
        account: asked.account ?? '',
        fen: asked.fen ?? 0,
        state: mood === 'declines' ? 'declined' : 'pending',
        atMs: nowMs(),
      }
      returns.set(taken.number, taken)
      checkReturns(taken)
      if (taken.state === 'pending') {
        const chance = chanceOf(seed, `bank takes back ${returns.size}`)
        const ends = () => {
          taken.state = chance.is(0.8) ? 'paid' : 'declined'
        }
        if (chance.is(0.5)) ends()
        else later(chance.pick([SECOND_MS, MINUTE_MS]), ends)
      }
      return describe(taken)
    },
    query_split_return({ number }) {
      const taken = returns.get(number)
      return taken === undefined ? { result: 'not_found' } : describe(taken)
    },
  }

  function checkRefunds(refund: BankRefund): void {
    const order = orders.get(refund.order)
    if (order?.state !== 'paid') fault(`${refund.name} was sent for money that is not there`)
    let sum = 0
    for (const each of refunds.values()) {
      if (each.order !== refund.order) continue
      if (each !== refund && each.name === refund.name) {
        // One of a merchant's numbers may be asked for twice only after it was declined.
        if (each.state !== 'declined') fault(`${refund.name} was sent under two numbers`)
      }
      if (each.state !== 'declined') sum += each.fen
    }
    if (order !== undefined && sum > order.fen) {
      fault(`refunds of ${order.name} add up to ${sum} of ${order.fen}`)
    }
  }

  function settleRefund(refund: BankRefund, chance: Chance): void {
    const ends = (state: 'paid' | 'declined') => () => {
      if (refund.state === 'paid' || refund.state === 'declined') return
      refund.state = state
      refund.atMs = nowMs()
      tell(describe(refund), refund.name, refund.callbackUrl)
    }
    const course = chance.next()
    if (course < 0.4) {
      refund.state = 'paid'
      return
    }
    const abnormal = () => {
      refund.state = 'abnormal'
      later(DAY_MS, ends(chance.is(0.5) ? 'paid' : 'declined'))
    }
    if (course < 0.75) later(chance.pick([SECOND_MS, 20 * SECOND_MS, HOUR_MS]), ends('paid'))
    else if (course < 0.9) later(chance.pick([SECOND_MS, MINUTE_MS]), ends('declined'))
    else later(3 * DAY_MS, abnormal)
  }

  function endTransfer(transfer: BankTransfer, state: 'paid' | 'closed' | 'declined'): void {
    if (transfer.state !== 'pending' && transfer.state !== 'waiting') return
    transfer.state = state
    transfer.atMs = nowMs()
    tell(describe(transfer), transfer.name, transfer.callbackUrl)
  }

  function settleTransfer(transfer: BankTransfer, chance: Chance): void {
    const course = chance.next()
    if (course < 0.5) {
      transfer.state = 'waiting'
      later(DAY_MS, () => endTransfer(transfer, 'closed'))
      return
    }
    if (course < 0.6) {
      transfer.state = 'paid'
      return
    }
    const state = course < 0.9 ? 'paid' : 'declined'
    later(chance.pick([SECOND_MS, 40 * SECOND_MS, HOUR_MS]), () => endTransfer(transfer, state))
  }

  function describeSplit(split: BankSplit): Said {
    const { number, state, shares } = split
    return {
      result: 'ok',
      state,
      number,
      no: `B${number}`,
      payee: 'shop',
      shares: shares.map((share) => ({ ...share })),
    }
  }

  function checkShares(split: BankSplit): void {
    const order = orders.get(split.order)
    if (order?.state !== 'paid') fault(`${split.number} shares money that is not there`)
    for (const other of splits.values()) {
      if (other === split || other.order !== split.order) continue
      fault(`${order?.name} was split twice`)
    }
    const sum = split.shares.reduce((total, { fen }) => total + fen, 0)
    if (order !== undefined && sum > order.fen) fault(`shares of ${order.name} exceed it`)
  }

  function checkReturns(taken: BankReturn): void {
    const share = splits.get(taken.order)?.shares.find(({ account }) => account === taken.account)
    let sum = 0
    for (const each of returns.values()) {
      const isSame = each.order === taken.order && each.account === taken.account
      if (isSame && each.state !== 'declined') sum += each.fen
    }
    if (share?.state !== 'succeeded') fault(`${taken.number} takes back what nobody got`)
    else if (sum > share.fen) fault(`more was taken back of ${taken.order} than was shared`)
  }

  return {
    orders,
    refunds,
    transfers,
    splits,
    returns,
    callbacks,
    isCalledBy: ({ url }) => url.startsWith(BANK_URL),
    readCall,
    async serve(request, mood) {
      const { operation, text } = readCall(request)
      const key = keys.find((each) => signBank(text, each) === request.headers.sign)
      if (key === undefined) return answered(sealed({ result: 'refused' }, keys[0] ?? ''))
      const asked: Asked = JSON.parse(text)
      if (mood === 'busy') return answered(sealed({ result: 'busy' }, key))
      const said = operations[operation]?.(asked, mood) ?? { result: 'error' }
      return answered(sealed(said, key))
    },
    ticks() {},
    payerPays(number) {
      const order = orders.get(number)
      if (order?.state !== 'unpaid') return false
      takeMoney(order)
      return true
    },
    payerOpens(signedOrder) {
      const asked: Asked = JSON.parse(signedOrder.slice(signedOrder.indexOf(' ') + 1))
      const known = orders.get(asked.number)
      if (known === undefined && timeline.nowMs() >= (asked.expiresAtMs ?? 0)) return false
      const order = known ?? makeOrder(asked, chanceOf(seed, `bank opens ${asked.name}`))
      if (order.state !== 'unpaid') return false
      takeMoney(order)
      return true
    },
    paysAfterEnd(number) {
      const order = orders.get(number)
      if (order?.state !== 'closed' && order?.state !== 'declined') return false
      order.paidAfterEnd = true
      takeMoney(order)
      return true
    },
    payeeTakes(number) {
      const transfer = transfers.get(number)
      if (transfer?.state !== 'waiting') return false
      endTransfer(transfer, 'paid')
      return true
    },
    misspeaks(number, how) {
      const order = orders.get(number)
      if (order === undefined) return undefined
      const said = { ...describeOrder(order), state: 'paid' as const, atMs: nowMs() }
      if (how === 'forged') return say(said, order.name, order.callbackUrl, 'not its key')
      order.liedAbout = true
      const lie = how === 'other_amount' ? { fen: order.fen + 1 } : { payee: 'somebody else' }
      return say({ ...said, ...lie }, order.name, order.callbackUrl)
    },
    takesKey(key) {
      keys.push(key)
    },
    signsWith(key) {
      keys.unshift(key)
    },
    decides() {
      isCalm = true
      while (unended.length > 0) unended.shift()?.()
    },
  }
}

const BANK_URL = 'https://bank.example/'

function readCall({ url, body }: HttpRequest): BankCall {
  const text = String(body)
  const { number }: Asked = JSON.parse(text)
  return { operation: url.slice(BANK_URL.length), number, text }
}

const NO_HEADERS = new Headers()

function answered(body: Uint8Array<ArrayBuffer>): HttpAnswer {
  return { kind: 'answered', status: 200, headers: NO_HEADERS, body }
}

interface Asked {
  readonly number: string
  readonly order?: string
  readonly fen?: number
  readonly callbackUrl?: string
  readonly name?: string
  readonly code?: string
  readonly account?: string
  readonly expiresAtMs?: number
  readonly shares?: readonly { readonly account: string; readonly fen: number }[]
}
