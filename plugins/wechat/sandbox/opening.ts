/** What WeChat's own client does with what a merchant handed the payer or the payee. */
import * as z from 'zod'
import { ok, type Result, refuse } from '../../../core/plugin/api.ts'
import { type Merchant, merchantOf } from './merchants.ts'
import { type Order, orders, type PrepayProduct, whyNotPayable } from './order.ts'
import { signerOf } from './parties.ts'
import { verifies } from './rsa.ts'
import type { Wechat } from './settings.ts'
import { payerOf, transfers } from './transfer/standing.ts'

/**
 * Opens the text of a code, the link of an H5 order, the parameters of a page inside WeChat, a mini
 * program or an app; and what a payee gets, to take a transfer.
 */
export async function open(
  wechat: Wechat,
  handed: string,
): Promise<{ readonly number: string } | { readonly refused: string }> {
  const parameters = readJson(handed)
  const waiting = transferSchema.safeParse(parameters)
  if (waiting.success) return openTransfer(wechat, waiting.data)
  const opened =
    parameters === undefined
      ? await findOpened(wechat, handed)
      : await openSigned(wechat, parameters)
  return opened.ok ? { number: opened.value.order.outTradeNo } : { refused: opened.refusal }
}

interface Opened {
  readonly id: string
  readonly order: Order
}

/** An order that can be paid now, by the text or link that it was given. */
export async function findOpened(wechat: Wechat, handed: string): Promise<Result<Opened, string>> {
  const text = handed.trim()
  const found = await find(wechat, ({ ticket }) => {
    const link = ticket?.link ?? null
    // Merchants add to the link of an H5 order where the browser is to come back to.
    return link !== null && (text === link || text.startsWith(`${link}&`))
  })
  return payable(wechat, found)
}

async function openSigned(wechat: Wechat, parameters: unknown): Promise<Result<Opened, string>> {
  const call = callSchema.safeParse(parameters)
  if (!call.success) return refuse('WeChat does not know what this is')
  const { product, appid, prepayId, lines, signature, partnerId } = call.data
  const found = await find(wechat, ({ ticket }) => ticket?.prepayId === prepayId)
  if (found === undefined) return refuse('there is no such prepay_id, or no more')
  const { party } = found.order
  if (found.order.product !== product) return refuse(`the prepay_id is of ${found.order.product}`)
  if (appid !== callingApp(found.order)) return refuse('the appid is not the one of the order')
  const partners = party.kind === 'direct' ? [party.mchid] : [party.spMchid, party.subMchid]
  if (partnerId !== undefined && !partners.includes(partnerId)) {
    return refuse('the partnerid is not the merchant of the order')
  }
  const merchant = await merchantOf(wechat, signerOf(party))
  const isGenuine = merchant !== undefined && (await isSignedBy(merchant, lines, signature))
  return isGenuine ? payable(wechat, found) : refuse('the signature is wrong')
}

/** The sub-merchant's app, where the order was made for one of its openids or of its own app. */
function callingApp({ party, product, openidApp }: Order): string {
  if (party.kind === 'direct') return party.appid
  const bySub = product === 'jsapi' ? openidApp === 'sub_app' : party.subAppid !== null
  return bySub ? (party.subAppid ?? party.spAppid) : party.spAppid
}

async function isSignedBy(
  { certificates }: Merchant,
  lines: readonly string[],
  signature: string,
): Promise<boolean> {
  const message = new TextEncoder().encode(lines.map((line) => `${line}\n`).join(''))
  for (const { publicKey } of certificates) {
    if (await verifies(publicKey, message, signature)) return true
  }
  return false
}

async function find(
  { books }: Wechat,
  isIt: (order: Order) => boolean,
): Promise<Opened | undefined> {
  const found = (await orders(books).list()).find(({ document }) => isIt(document))
  return found && { id: found.id, order: found.document }
}

function payable({ clock }: Wechat, opened: Opened | undefined): Result<Opened, string> {
  if (opened === undefined) return refuse('WeChat does not know what this is')
  const why = whyNotPayable(opened.order, clock.now())
  return why === undefined ? ok(opened) : refuse(why)
}

async function openTransfer(
  { books }: Wechat,
  { mchId, subMchId, appId, package: packageInfo }: z.output<typeof transferSchema>,
): Promise<{ readonly number: string } | { readonly refused: string }> {
  const found = (await transfers(books).list()).find(
    ({ document }) => document.packageInfo === packageInfo,
  )?.document
  if (found === undefined) return { refused: 'there is no such transfer' }
  const isOf = found.mchid === mchId && payerOf(found) === (subMchId ?? mchId)
  if (!isOf || found.appid !== appId)
    return { refused: 'the transfer is of another merchant or app' }
  if (found.state !== 'WAIT_USER_CONFIRM') return { refused: `it is ${found.state}` }
  return { number: found.outBillNo }
}

function readJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined // a link, or the text of a code
  }
}

const transferSchema = z.object({
  mchId: z.string(),
  subMchId: z.string().optional(),
  appId: z.string(),
  package: z.string(),
})

interface SignedCall {
  readonly product: PrepayProduct
  readonly appid: string
  readonly prepayId: string
  readonly lines: readonly string[]
  readonly signature: string
  readonly partnerId?: string
}

const pageCall = z
  .object({
    appId: z.string(),
    timeStamp: z.string(),
    nonceStr: z.string(),
    package: z.string().regex(/^prepay_id=./),
    signType: z.literal('RSA'),
    paySign: z.string(),
  })
  .transform(
    (call): SignedCall => ({
      product: 'jsapi',
      appid: call.appId,
      prepayId: call.package.slice('prepay_id='.length),
      lines: [call.appId, call.timeStamp, call.nonceStr, call.package],
      signature: call.paySign,
    }),
  )

const appNames = {
  appid: z.string(),
  package: z.literal('Sign=WXPay'),
  noncestr: z.string(),
  timestamp: z.string(),
  sign: z.string(),
}

/** WeChat's SDK has these names as its platform likes them: two spellings are about. */
const appCall = z
  .union([
    z.object({ ...appNames, partnerid: z.string(), prepayid: z.string() }),
    z
      .object({ ...appNames, partnerId: z.string(), prepayId: z.string() })
      .transform((call) => ({ ...call, partnerid: call.partnerId, prepayid: call.prepayId })),
  ])
  .transform(
    (call): SignedCall => ({
      product: 'app',
      appid: call.appid,
      prepayId: call.prepayid,
      lines: [call.appid, call.timestamp, call.noncestr, call.prepayid],
      signature: call.sign,
      partnerId: call.partnerid,
    }),
  )

const callSchema = z.union([pageCall, appCall])
