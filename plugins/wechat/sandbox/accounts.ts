/**
 * What merchants have at WeChat. Two accounts each: payments come to the basic one, transfers are
 * paid out of the operation one. Nothing is ever settled to a bank.
 *
 * An account is a document of its own, changed after the order or transfer that moved the money. A
 * crash between the two leaves it off by that amount; bills are drawn from the orders themselves.
 */
import * as z from 'zod'
import { digits } from './numbers.ts'
import type { Wechat } from './settings.ts'
import { type Shelf, shelf } from './shelf.ts'

const accountName = z.enum(['basic', 'operation'])
export type AccountName = z.output<typeof accountName>

/** Fen that can be paid out now: what is frozen for sharing is not in it. */
const account = z.number()

const accounts = ({ books }: Wechat): Shelf<number> => shelf(books, 'account', account)
const accountId = (mchid: string, name: AccountName) => `${mchid}/${name}`

export async function balanceOf(wechat: Wechat, mchid: string, name: AccountName): Promise<number> {
  const kept = await accounts(wechat).get(accountId(mchid, name))
  return kept ?? wechat.settings.openingBalanceMinor
}

export async function credit(
  wechat: Wechat,
  mchid: string,
  name: AccountName,
  minor: number,
): Promise<void> {
  if (minor === 0) return
  await accounts(wechat).change(accountId(mchid, name), (kept) => ({
    document: (kept ?? wechat.settings.openingBalanceMinor) + minor,
    outcome: undefined,
  }))
}

/** @returns whether there was enough; if not, nothing has changed */
export async function debit(
  wechat: Wechat,
  mchid: string,
  name: AccountName,
  minor: number,
): Promise<boolean> {
  if (minor === 0) return true
  return accounts(wechat).change(accountId(mchid, name), (kept) => {
    const left = (kept ?? wechat.settings.openingBalanceMinor) - minor
    return left < 0 ? { document: kept, outcome: false } : { document: left, outcome: true }
  })
}

const deposit = z.object({
  mchid: z.string(),
  name: accountName,
  /** Below zero when it was taken out. */
  minor: z.number(),
  atMs: z.number(),
  number: z.string(),
})

export type Deposit = z.output<typeof deposit>

/** Money that the merchant paid in or took out by hand: bills show it. */
export const deposits = ({ books }: Wechat): Shelf<Deposit> => shelf(books, 'deposit', deposit)

/** Pays in or takes out what is missing for a balance. */
export async function setBalance(
  wechat: Wechat,
  mchid: string,
  name: AccountName,
  minor: number,
): Promise<void> {
  const atMs = wechat.clock.now()
  const number = `10${digits(wechat.random, 26)}`
  const moved = await accounts(wechat).change(accountId(mchid, name), (kept) => ({
    document: minor,
    outcome: minor - (kept ?? wechat.settings.openingBalanceMinor),
  }))
  if (moved === 0) return
  await deposits(wechat).put(number, { mchid, name, minor: moved, atMs, number })
}
