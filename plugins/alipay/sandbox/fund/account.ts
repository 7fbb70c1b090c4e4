import type { Seller } from '../party/sellers.ts'
import type { Alipay } from '../settings.ts'
import { frozenFen } from '../trade/standing.ts'
import { movementsOf, tradesOf } from './ledger.ts'

/** What an account without an opening balance of its own begins with: a thousand million yuan. */
const PLENTY_FEN = 100_000_000_000

export function openingFenOf({ openingFen }: Seller): number {
  return openingFen ?? PLENTY_FEN
}

/** What an account holds, and how much of that waits to be shared out. */
export async function balanceOf(
  alipay: Alipay,
  seller: Seller,
): Promise<{ readonly availableFen: number; readonly frozenFen: number }> {
  const movements = await movementsOf(alipay, seller.sellerId)
  const allFen = movements.reduce((sum, { fen }) => sum + fen, openingFenOf(seller))
  const waiting = (await tradesOf(alipay, seller.sellerId)).map(frozenFen)
  const frozen = waiting.reduce((sum, fen) => sum + fen, 0)
  return { availableFen: allFen - frozen, frozenFen: frozen }
}
