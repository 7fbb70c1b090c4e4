import { DAY_MS, ok, type Result, refuse } from '../../../../core/plugin/api.ts'
import type { Json } from '../../../../core/plugin/simulator.ts'
import { type Call, type Handler, permitted } from '../calls.ts'
import { whoOf } from '../parties.ts'
import { accepted, parameterRefusal, type Refusal, type Reply, refusal } from '../refusals.ts'
import type { Route } from '../routes.ts'
import { sealSecret } from '../sensitive.ts'
import type { Wechat } from '../settings.ts'
import { type Day, dayOf } from './days.ts'
import { newBillKey, sealBill } from './encryption.ts'
import { billFile, gzipped, partsOf, sha1Of } from './files.ts'
import { type AskedBill, billOfToken, issueToken } from './tokens.ts'

/** `GET /v3/bill/tradebill?bill_date=…[&sub_mchid][&bill_type][&tar_type]` */
const askTradeBill: Handler = async (wechat, call) => {
  const { query, merchant } = call
  const subMchid = query.get('sub_mchid')
  if (subMchid !== null) {
    const who = permitted(merchant, whoOf(merchant.mchid, subMchid))
    if (!who.ok) return who.refusal
  }
  const type = TRADE_BILL_TYPES.get(query.get('bill_type') ?? 'ALL')
  if (type === undefined) return badQuery('bill_type')
  return answerAsked(wechat, call, type === 'empty' ? type : { kind: 'trade', type, subMchid })
}

/** Those of coupons, of which there are none here, are empty. */
const TRADE_BILL_TYPES: ReadonlyMap<string, 'ALL' | 'SUCCESS' | 'REFUND' | 'empty'> = new Map([
  ['ALL', 'ALL'],
  ['SUCCESS', 'SUCCESS'],
  ['REFUND', 'REFUND'],
  ['RECHARGE_REFUND', 'empty'],
  ['ALL_SPECIAL', 'empty'],
  ['SUC_SPECIAL', 'empty'],
  ['REF_SPECIAL', 'empty'],
])

/** `GET /v3/bill/fundflowbill?bill_date=…[&account_type][&tar_type]`: of the signer's own account. */
const askFundFlowBill: Handler = async (wechat, call) => {
  const account = ACCOUNTS.get(call.query.get('account_type') ?? 'BASIC')
  if (account === undefined) return badQuery('account_type')
  const { mchid } = call.merchant
  return answerAsked(
    wechat,
    call,
    account === 'empty' ? account : { kind: 'fund_flow', mchid, account, sealed: null },
  )
}

/** Fees are taken out of the basic account; that of fees is always empty here. */
const ACCOUNTS: ReadonlyMap<string, 'basic' | 'operation' | 'empty'> = new Map([
  ['BASIC', 'basic'],
  ['OPERATION', 'operation'],
  ['FEES', 'empty'],
])

async function answerAsked(
  wechat: Wechat,
  call: Call,
  of: AskedBill['of'] | 'empty',
): Promise<Reply> {
  const asked = await readAsked(wechat, call, of)
  if (!asked.ok) return asked.refusal
  const { bill, file } = asked.value
  return accepted({
    hash_type: 'SHA1',
    // Of the file as it is unpacked.
    hash_value: await sha1Of(file),
    download_url: await addressOf(wechat, call, bill),
  })
}

/** The bill that is asked for, and its file. */
async function readAsked(
  wechat: Wechat,
  { merchant, query }: Call,
  of: AskedBill['of'] | 'empty',
): Promise<Result<{ readonly bill: AskedBill; readonly file: Uint8Array<ArrayBuffer> }, Reply>> {
  const date = query.get('bill_date') ?? ''
  const day = readDay(wechat, date)
  if (!day.ok) return day
  const tarType = query.get('tar_type')
  if (tarType !== null && tarType !== 'GZIP') return refuse(badQuery('tar_type'))
  if (of === 'empty') return refused('no_statement')
  const bill = { signer: merchant.mchid, date, gzip: tarType === 'GZIP', of }
  const file = await billFile(wechat, bill, day.value)
  return file === undefined ? refused('no_statement') : ok({ bill, file })
}

async function addressOf(wechat: Wechat, { base }: Call, bill: AskedBill): Promise<string> {
  const token = await issueToken(wechat, bill)
  return `${base}/v3/billdownload/file?token=${token}${bill.gzip ? '&tartype=gzip' : ''}`
}

/** `GET /v3/bill/sub-merchant-fundflowbill?sub_mchid&bill_date&account_type&algorithm[&tar_type]` */
const askSubFundFlowBill: Handler = async (wechat, call) => {
  const { query, merchant } = call
  const subMchid = query.get('sub_mchid')
  if (subMchid === null) return badQuery('sub_mchid')
  const who = permitted(merchant, whoOf(merchant.mchid, subMchid))
  if (!who.ok) return who.refusal
  if (query.get('algorithm') !== 'AEAD_AES_256_GCM') return badQuery('algorithm')
  const account = ACCOUNTS.get(query.get('account_type') ?? '')
  if (account === undefined) return badQuery('account_type')
  const of = { kind: 'fund_flow', mchid: subMchid, sealed: null } as const
  const asked = await readAsked(wechat, call, account === 'empty' ? account : { ...of, account })
  if (!asked.ok) return asked.refusal

  const { bill, file } = asked.value
  const parts = partsOf(file, wechat.settings.billFileLines)
  const list: Json[] = []
  for (const [part, bytes] of parts.entries()) {
    const sealed = { part, ...newBillKey(wechat.random) }
    const one = { ...bill, of: { ...bill.of, sealed } as AskedBill['of'] }
    list.push({
      bill_sequence: part + 1,
      hash_type: 'SHA1',
      hash_value: await sha1Of(bytes),
      download_url: await addressOf(wechat, call, one),
      encrypt_key: await sealSecret(merchant, sealed.key),
      nonce: sealed.nonce,
    })
  }
  return accepted({ download_bill_count: list.length, download_bill_list: list })
}

/** Three months back, and from ten in the morning of the next day on. */
function readDay({ clock }: Wechat, date: string): Result<Day, Reply> {
  const day = dayOf(date)
  if (day === undefined) return refuse(badQuery('bill_date'))
  const nowMs = clock.now()
  if (nowMs < day.untilMs || nowMs >= day.untilMs + 92 * DAY_MS) return refused('bill_date_wrong')
  return nowMs < day.billedAtMs ? refused('statement_creating') : ok(day)
}

function refused(why: Refusal): Result<never, Reply> {
  return refuse(refusal(why))
}

function badQuery(field: string): Reply {
  return parameterRefusal({ location: 'query', field, issue: 'is missing or wrong' })
}

/** `GET /v3/billdownload/file?token=…`: signed as any call, answered with a file that is not. */
const download: Handler = async (wechat, { merchant, query }) => {
  const asked = await billOfToken(wechat, query.get('token') ?? '')
  if (asked?.signer !== merchant.mchid) return refusal('bill_token_wrong')
  const day = dayOf(asked.date)
  const whole = day && (await billFile(wechat, asked, day))
  const sealed = asked.of.kind === 'fund_flow' ? asked.of.sealed : null
  const file = whole && sealed ? partsOf(whole, wechat.settings.billFileLines)[sealed.part] : whole
  if (file === undefined) return refusal('no_statement')
  const packed = asked.gzip ? await gzipped(file) : file
  if (sealed !== null) return { ...FILE, file: await sealBill(packed, sealed) }
  return { ...FILE, file: packed, fileType: asked.gzip ? 'application/x-gzip' : 'text/plain' }
}

const FILE = { status: 200, body: undefined, suffix: 0 } as const

export const BILL_ROUTES: readonly Route[] = [
  { method: 'GET', path: /^\/v3\/bill\/tradebill$/, operation: 'bill', handle: askTradeBill },
  { method: 'GET', path: /^\/v3\/bill\/fundflowbill$/, operation: 'bill', handle: askFundFlowBill },
  {
    method: 'GET',
    path: /^\/v3\/bill\/sub-merchant-fundflowbill$/,
    operation: 'bill',
    handle: askSubFundFlowBill,
  },
  { method: 'GET', path: /^\/v3\/billdownload\/file$/, operation: 'bill', handle: download },
]
