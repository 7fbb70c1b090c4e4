import { money, type Result } from '../../../../core/plugin/api.ts'
import type { PayerAction, SimulatedPayment } from '../../../../core/plugin/simulator.ts'
import { tell } from '../callback/tell.ts'
import { listSellers } from '../party/sellers.ts'
import type { Alipay } from '../settings.ts'
import { payTrade, turnAway } from './paying.ts'
import { isOpened, tradeStatus, whyNotPayable } from './standing.ts'
import { type Product, type Trade, tradeId, trades } from './trade.ts'

/** All payments, for a page on which somebody plays the payer. */
export async function listPayments(alipay: Alipay): Promise<readonly SimulatedPayment[]> {
  const nowMs = alipay.clock.now()
  return (await trades(alipay.books).list()).map(({ document: trade }) => ({
    number: trade.outTradeNo,
    channelPaymentNo: trade.opened?.tradeNo,
    way: trade.product,
    subject: trade.subject,
    amount: money(trade.fen, 'CNY'),
    state: stateOf(alipay, trade),
    createdAtMs: trade.askedAtMs,
    actions: whyNotPayable(trade, nowMs) === undefined ? actionsOn(trade.product) : [],
  }))
}

/** Plays the payer of the trade with this number, whichever merchant's it is. */
export async function act(
  alipay: Alipay,
  number: string,
  action: PayerAction,
): Promise<{ readonly refused?: string }> {
  const ids = await idsOfNumber(alipay, number)
  const [id] = ids
  if (id === undefined) return { refused: `there is no trade ${number}` }
  if (ids.length > 1) return { refused: `several merchants have a trade ${number}` }
  switch (action) {
    case 'pay':
      return refusedOf(await payTrade(alipay, id, tell))
    case 'cancel':
    case 'insufficient_balance':
    case 'fail':
      // They looked, so there is a trade. Alipay says nothing of a try that failed: it can be paid.
      return refusedOf(await turnAway(alipay, id))
    case 'password':
      return { refused: 'whether Alipay asks for a password is in the payer’s code' }
  }
}

/** To the interfaces a code that nobody has scanned is not there. */
function stateOf({ settings, clock }: Alipay, trade: Trade): string {
  return isOpened(trade) ? tradeStatus(trade, settings, clock.now()) : 'TRADE_NOT_EXIST'
}

/** At the till there is nothing to choose: the password is given, or it is not. */
function actionsOn(product: Product): readonly PayerAction[] {
  return product === 'pay' ? ['pay', 'cancel'] : ['pay', 'cancel', 'insufficient_balance', 'fail']
}

function refusedOf(done: Result<unknown, string>): { readonly refused?: string } {
  return done.ok ? {} : { refused: done.refusal }
}

async function idsOfNumber(alipay: Alipay, number: string): Promise<readonly string[]> {
  const found: string[] = []
  for (const { sellerId } of await listSellers(alipay)) {
    const id = tradeId(sellerId, number)
    if ((await trades(alipay.books).get(id)) !== undefined) found.push(id)
  }
  return found
}
