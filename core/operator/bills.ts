import { and, eq } from 'drizzle-orm'
import type { Core } from '../core.ts'
import type { AccountId } from '../ids.ts'
import type { Bill, BillInput, BillOutcome, BillRow } from '../plugin/api.ts'
import { runOperation } from '../plugin/host.ts'
import { ok, type Result, refuse } from '../result.ts'
import { bindChannel } from '../routing/directory.ts'
import { channelAccounts, channelConfigs } from '../store/schema.ts'

export type BillRefusal =
  | { readonly code: 'account_not_found' }
  | { readonly code: 'channel_has_no_bills' }
  | { readonly code: 'kind_unknown'; readonly kinds: readonly string[] }

/** Brings a day's bill of an account, under its current settings. Stores nothing. */
export async function fetchBill(
  core: Core,
  accountId: AccountId,
  asked: BillInput,
): Promise<Result<BillOutcome, BillRefusal>> {
  const { read } = core.store
  const [[pinned]] = await read.batch([
    read
      .select({
        channel: channelAccounts.channel,
        accountId: channelAccounts.accountId,
        configVersion: channelConfigs.version,
        settingsSealed: channelConfigs.settingsSealed,
      })
      .from(channelAccounts)
      .innerJoin(
        channelConfigs,
        and(
          eq(channelConfigs.accountId, channelAccounts.accountId),
          eq(channelConfigs.version, channelAccounts.currentVersion),
        ),
      )
      .where(eq(channelAccounts.accountId, accountId)),
  ])
  if (pinned === undefined) return refuse({ code: 'account_not_found' })
  const channel = await bindChannel(core, pinned)
  const kinds = channel.manifest.capabilities.bills?.kinds ?? []
  const { bills } = channel
  if (bills === undefined) return refuse({ code: 'channel_has_no_bills' })
  if (!kinds.includes(asked.kind)) return refuse({ code: 'kind_unknown', kinds })
  const { outcome } = await runOperation(
    core,
    channel,
    { operation: 'bills', accountId },
    (ports) => bills(ports, asked),
  )
  return ok(outcome)
}

export interface TotalsCheck {
  /** Totals of the channel that our sum over the rows is different from. */
  readonly differ: readonly {
    readonly name: string
    readonly channel: number
    readonly rows: number
  }[]
  readonly agree: readonly string[]
  /** Totals that the rows alone don't give. */
  readonly unchecked: readonly string[]
}

/** Holds a bill's rows against the channel's own totals. */
export function checkTotals({ rows, totals }: Bill): TotalsCheck {
  const differ: TotalsCheck['differ'][number][] = []
  const agree: string[] = []
  const unchecked: string[] = []
  for (const [name, channel] of Object.entries(totals)) {
    const sum = SUMS[name]?.(rows)
    if (sum === undefined) unchecked.push(name)
    else if (sum === channel) agree.push(name)
    else differ.push({ name, channel, rows: sum })
  }
  return { differ, agree, unchecked }
}

type Rows = readonly BillRow[]

const countOf = (about: 'payment' | 'refund') => (rows: Rows) =>
  rows.filter((row) => row.about === about).length
const flowsOf = (rows: Rows, direction: 'in' | 'out') =>
  rows.flatMap((row) => (row.about === 'funds' && row.direction === direction ? [row] : []))
const countIn = (direction: 'in' | 'out') => (rows: Rows) => flowsOf(rows, direction).length
const sumIn = (direction: 'in' | 'out') => (rows: Rows) =>
  flowsOf(rows, direction).reduce((sum, { amount }) => sum + amount.minor, 0)

/** Sums over rows, by the names that plugins give to totals. */
const SUMS: Readonly<Record<string, (rows: Rows) => number>> = {
  rows: (rows) => rows.length,
  payments: countOf('payment'),
  refunds: countOf('refund'),
  inRows: countIn('in'),
  inMinor: sumIn('in'),
  outRows: countIn('out'),
  outMinor: sumIn('out'),
  incomes: countIn('in'),
  incomeMinor: sumIn('in'),
  expenses: countIn('out'),
  expenseMinor: sumIn('out'),
}
