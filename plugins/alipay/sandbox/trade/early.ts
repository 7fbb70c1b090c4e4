import { tell } from '../callback/tell.ts'
import { strike } from '../faults.ts'
import type { Alipay } from '../settings.ts'
import { payTrade } from './paying.ts'

/** Under the fault `early` the payer has paid, and that is told, before the call is answered. */
export async function payEarly(alipay: Alipay, id: string): Promise<void> {
  if ((await strike(alipay, 'callback', ['early'])) !== undefined) await payTrade(alipay, id, tell)
}
