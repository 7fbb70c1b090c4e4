import { assert } from '../../core/result.ts'
import type { Fields } from '../kit/shop.ts'
import { type Market, NOTIFY_URL } from './market.ts'

/** An order that the gateway took, or did not. */
export interface Ordered {
  readonly payOrderId: string
  /** As it was sent: to send the very same again. */
  readonly request: Fields
  readonly state: number
  /** What the payer is handed: QR text, link, form, order string. */
  readonly handed: string
}

const numbers = { next: 1 }

/** A way's own input, as the channel's cast has it; a payer's code from a phone where one is due. */
export async function extraOf(
  { simulator }: Market,
  names: readonly string[],
  code = 'paid',
): Promise<Readonly<Record<string, string>>> {
  const payer = (await simulator.cast?.())?.payer ?? {}
  const extra: Record<string, string> = {}
  for (const name of names) {
    if (name === 'authCode') {
      const codes = (await simulator.payerCodes?.()) ?? []
      const shown = codes.find(({ outcome }) => outcome === code)
      assert(shown !== undefined, `a payer shows a code that ends ${code}`)
      extra.authCode = shown.code
    }
    const known = payer[name]
    if (known !== undefined) extra[name] = known
  }
  return extra
}

export async function orderOf(
  market: Market,
  way: string,
  extra: Readonly<Record<string, string>>,
  fields: Fields = {},
): Promise<Ordered> {
  const request: Fields = {
    mchOrderNo: `C${numbers.next++}`,
    wayCode: way,
    amount: 1_000,
    currency: 'CNY',
    subject: '测试商品',
    body: '测试商品描述',
    clientIp: '203.0.113.7',
    notifyUrl: NOTIFY_URL,
    channelExtra: JSON.stringify(extra),
    ...fields,
  }
  return sendOrder(market, request)
}

/** Sends an order, for the first time or again. @throws when it is refused for good */
export async function sendOrder(market: Market, request: Fields): Promise<Ordered> {
  const answer = await market.calls('/api/pay/unifiedOrder', request)
  const { payOrderId, orderState, payData } = answer.data ?? {}
  if (payOrderId === undefined) {
    const known = await market.calls('/api/pay/query', { mchOrderNo: request.mchOrderNo })
    assert(known.data !== undefined, `the order is known: ${answer.code} ${answer.msg}`)
    return {
      payOrderId: String(known.data.payOrderId),
      request,
      state: Number(known.data.state),
      handed: '',
    }
  }
  return {
    payOrderId: String(payOrderId),
    request,
    state: Number(orderState),
    handed: String(payData ?? ''),
  }
}

/** How the merchant sees it now. */
export async function stateOf(market: Market, { payOrderId }: Ordered): Promise<number> {
  const { data } = await market.calls('/api/pay/query', { payOrderId })
  return Number(data?.state)
}

/**
 * The payer opens what they were handed, and pays.
 *
 * @returns whether the channel took the money
 */
export async function payerPays(market: Market, ordered: Ordered): Promise<boolean> {
  const { simulator } = market
  if (!(await isKnown(market, ordered)) && ordered.handed !== '' && simulator.open !== undefined) {
    await simulator.open(ordered.handed)
  }
  const { refused } = await simulator.act(ordered.payOrderId, 'pay')
  await market.passes(0, 1)
  await simulator.tick()
  return refused === undefined
}

async function isKnown({ simulator }: Market, { payOrderId }: Ordered): Promise<boolean> {
  return (await simulator.payments()).some(({ number }) => number === payOrderId)
}

/** Notifications of this payment itself, by the state that each told. */
export function toldStates(market: Market, { payOrderId }: Ordered): readonly string[] {
  return market.told(payOrderId).map(({ state }) => state ?? '')
}
