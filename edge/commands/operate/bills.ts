import type { AccountId } from '../../../core/ids.ts'
import { checkTotals, fetchBill } from '../../../core/operator/bills.ts'
import type { Bill, BillRow } from '../../../core/plugin/api.ts'
import { type Command, type Operator, oneOf, refused, Wrong } from './command.ts'

export const bills: Command = {
  usage: '--account <accountId> --kind <kind> --date <2026-01-31> [--format json|csv]',
  does: "fetches a day's bill as rows, and holds them against the channel's own totals",
  options: {
    account: { type: 'string' },
    kind: { type: 'string' },
    date: { type: 'string' },
    format: { type: 'string' },
  },
  async run(operator, given) {
    const accountId = given.option('account') as AccountId
    const kind = given.option('kind')
    const date = given.option('date')
    const format = oneOf('--format', ['json', 'csv'], given.optionIfAny('format') ?? 'json')
    if (!isDay(date)) throw new Wrong(`--date is a day such as 2026-01-31, not ${date}`)
    const fetched = await fetchBill(operator.core, accountId, { kind, date })
    if (!fetched.ok) throw refused(fetched.refusal)
    const outcome = fetched.value
    switch (outcome.kind) {
      case 'ready':
        return show(operator, outcome, format)
      case 'empty':
        return operator.remark('nothing happened on that day')
      case 'not_ready':
        throw new Wrong(
          `not ready yet: try again in ${Math.ceil(outcome.retryAfterMs / 60_000)} min`,
        )
      case 'failed':
        throw new Wrong(`the channel refused: ${outcome.error.code} ${outcome.error.message}`)
      case 'not_sent':
        throw new Wrong(`not sent: ${outcome.reason}`)
      case 'unknown':
        throw new Wrong(`no trustworthy answer: ${outcome.evidence}`)
    }
  },
}

function isDay(text: string): boolean {
  const at = new Date(`${text}T00:00:00Z`)
  return /^\d{4}-\d{2}-\d{2}$/.test(text) && at.toJSON()?.startsWith(text) === true
}

function show({ print, remark }: Operator, bill: Bill, format: 'json' | 'csv'): void {
  if (format === 'csv') print(COLUMNS.join(','))
  for (const row of bill.rows) print(format === 'csv' ? csvLine(row) : JSON.stringify(row))
  const { agree, differ, unchecked } = checkTotals(bill)
  remark(`${bill.rows.length} rows; totals that agree: ${agree.join(' ') || 'none'}`)
  if (unchecked.length > 0) remark(`totals that rows alone don't give: ${unchecked.join(' ')}`)
  if (differ.length > 0) {
    const each = differ.map(
      ({ name, channel, rows }) => `${name} is ${channel}, the rows give ${rows}`,
    )
    throw new Wrong(`the totals differ: ${each.join('; ')}`)
  }
}

const COLUMNS = [
  'about',
  'at',
  'number',
  'channelNo',
  'refundNumber',
  'channelRefundNo',
  'amountMinor',
  'currency',
  'feeMilliMinor',
  'state',
] as const

function csvLine(row: BillRow): string {
  return COLUMNS.map((column) => quoted(String(cellsOf(row)[column] ?? ''))).join(',')
}

function cellsOf(row: BillRow): Partial<Record<(typeof COLUMNS)[number], string | number>> {
  const { about, number } = row
  const at = new Date(row.atMs).toISOString()
  switch (row.about) {
    case 'payment': {
      const { channelPaymentNo: channelNo, paid, fee, state } = row
      const { minor: amountMinor, currency } = paid
      return {
        about,
        at,
        number,
        channelNo,
        amountMinor,
        currency,
        feeMilliMinor: fee.milliMinor,
        state,
      }
    }
    case 'refund': {
      const {
        channelPaymentNo: channelNo,
        refundNumber,
        channelRefundNo,
        refunded,
        fee,
        state,
      } = row
      const { minor: amountMinor, currency } = refunded
      const money = { amountMinor, currency, feeMilliMinor: fee.milliMinor }
      return { about, at, number, channelNo, refundNumber, channelRefundNo, ...money, state }
    }
    case 'funds': {
      const { channelNo, direction: state, amount } = row
      return {
        about,
        at,
        number,
        channelNo,
        amountMinor: amount.minor,
        currency: amount.currency,
        state,
      }
    }
  }
}

/** Also against what a spreadsheet would take for a formula. */
function quoted(text: string): string {
  const plain = /^[=+\-@\t]/.test(text) ? `'${text}` : text
  return /[",\r\n]/.test(plain) ? `"${plain.replaceAll('"', '""')}"` : plain
}
