import { describe, expect, it } from 'vitest'
import { checkTotals, fetchBill } from '../../../core/operator/bills.ts'
import { type BillRow, money } from '../../../core/plugin/api.ts'
import { openShop } from '../../kit/shop.ts'

const flow = (direction: 'in' | 'out', fen: number): BillRow => ({
  about: 'funds',
  direction,
  amount: money(fen, 'CNY'),
  balance: money(0, 'CNY'),
  channelNo: 'B1',
  number: 'P1',
  kind: '交易',
  remark: '',
  atMs: 1,
})

describe("a bill's rows, held against the channel's own totals", () => {
  it('says which agree, which differ and by what, and which the rows do not give', () => {
    const rows = [flow('in', 100), flow('in', 23), flow('out', 7)]
    const totals = { rows: 3, inMinor: 123, outMinor: 8, settledMinor: 5 }
    expect(checkTotals({ rows, totals })).toEqual({
      agree: ['rows', 'inMinor'],
      differ: [{ name: 'outMinor', channel: 8, rows: 7 }],
      unchecked: ['settledMinor'],
    })
  })
})

describe('a bill that is asked for', () => {
  it('is refused for an account that is not there, and a channel that has none', async () => {
    const shop = await openShop()
    const { core } = shop.gateway
    const asked = { kind: 'trade', date: '2026-01-31' }
    expect(await fetchBill(core, 'A0' as never, asked)).toEqual({
      ok: false,
      refusal: { code: 'account_not_found' },
    })
    expect(await fetchBill(core, shop.accountId, asked)).toEqual({
      ok: false,
      refusal: { code: 'channel_has_no_bills' },
    })
  })
})
