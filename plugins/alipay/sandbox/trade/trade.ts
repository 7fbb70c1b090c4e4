/**
 * A trade as Alipay has it: one document, so that every rule about its money is one atomic step. It
 * begins as what a merchant asked for; Alipay's trade comes into being when a payer opens that.
 */
import * as z from 'zod'
import { isMinor, type Minor } from '../../../../core/plugin/api.ts'
import type { Books } from '../../../../core/plugin/simulator.ts'
import { type Shelf, shelf } from '../shelf.ts'

const fen = z.custom<Minor>((value) => typeof value === 'number' && isMinor(value))

/** A share that went back from its receiver, with a refund. */
const takenBack = z.object({ transOut: z.string(), fen, detailNo: z.string() })

const refund = z.object({
  outRequestNo: z.string(),
  fen,
  reason: z.string().nullable(),
  askedAtMs: z.number(),
  /** From then on the money is back with the payer. */
  arrivesAtMs: z.number(),
  takenBack: z.array(takenBack),
  settlementNo: z.string(),
})

const share = z.object({
  detailNo: z.string(),
  transOut: z.string(),
  transIn: z.string(),
  transInType: z.enum(['userId', 'loginName', 'openId', 'cardAliasNo']),
  fen,
  state: z.enum(['PROCESSING', 'SUCCESS', 'FAIL']),
  executedAtMs: z.number().nullable(),
  errorCode: z.string().nullable(),
})

const split = z.object({
  outRequestNo: z.string(),
  settleNo: z.string(),
  mode: z.enum(['sync', 'async']),
  askedAtMs: z.number(),
  /** Of all its parameters: the same number may only come again with the same ones. */
  fingerprint: z.string(),
  /** The rest was released with it. */
  finishes: z.boolean(),
  shares: z.array(share),
})

const buyer = z.object({ userId: z.string(), openId: z.string(), logonId: z.string() })

const trade = z.object({
  sellerId: z.string(),
  /** Who asked, and in whose name the merchant had authorised: callbacks say both. */
  appId: z.string(),
  authAppId: z.string(),
  charset: z.enum(['utf-8', 'gbk']),
  signType: z.enum(['RSA2', 'RSA']),
  product: z.enum(['precreate', 'create', 'pay', 'page', 'wap', 'app']),
  outTradeNo: z.string(),
  fen,
  subject: z.string(),
  body: z.string().nullable(),
  passback: z.string().nullable(),
  storeId: z.string().nullable(),
  operatorId: z.string().nullable(),
  terminalId: z.string().nullable(),
  notifyUrl: z.string().nullable(),
  returnUrl: z.string().nullable(),
  quitUrl: z.string().nullable(),
  /** The money waits to be shared out. */
  freezes: z.boolean(),
  /** Of what may not change when the same number comes again. */
  fingerprint: z.string(),
  askedAtMs: z.number(),
  /** What opens it at the payer's: the text of a QR code, or the ticket of a cashier page. */
  opening: z.object({ key: z.string(), validUntilMs: z.number() }).nullable(),
  /** The last moment to pay, or how long that is after the trade came into being. */
  payableUntilMs: z.number().nullable(),
  payableFor: z.union([z.number(), z.literal('today')]),
  buyer,
  /** Alipay's own trade, once there is one. */
  opened: z
    .object({ tradeNo: z.string(), createdAtMs: z.number(), expiresAtMs: z.number() })
    .nullable(),
  paidAtMs: z.number().nullable(),
  closedAtMs: z.number().nullable(),
  /** The payer at the till turned away: no password comes by itself any more. */
  turnedAway: z.boolean(),
  /** How often it was asked to be cancelled. */
  cancels: z.number(),
  refunds: z.array(refund),
  splits: z.array(split),
})

export type Trade = z.output<typeof trade>
export type Buyer = z.output<typeof buyer>
export type Refund = z.output<typeof refund>
export type Split = z.output<typeof split>
export type Share = z.output<typeof share>
export type Product = Trade['product']

/** A trade that exists at Alipay. */
export type OpenedTrade = Trade & { readonly opened: NonNullable<Trade['opened']> }

/** By seller and their number. */
export const trades = (books: Books): Shelf<Trade> => shelf(books, 'trade', trade)
export const tradeId = (sellerId: string, outTradeNo: string) => `${sellerId}/${outTradeNo}`

/** trade_no, QR text or ticket → trade. Written before the trade says so: who follows it checks. */
export const tradePaths = (books: Books): Shelf<string> => shelf(books, 'trade_path', z.string())
