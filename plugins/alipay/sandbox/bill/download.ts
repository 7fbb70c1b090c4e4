import { beijingDigits } from '../beijing-time.ts'
import { toGbk } from '../encoding/gbk.ts'
import { zip } from '../encoding/zip.ts'
import { type Seller, sellerOf } from '../party/sellers.ts'
import type { Alipay } from '../settings.ts'
import { accountDetails, accountRows, accountSummary } from './account-bill.ts'
import { billTickets } from './address.ts'
import { type Period, periodOf } from './period.ts'
import { billAccount, exportMs } from './text.ts'
import { tradeDetails, tradeRows, tradeSummary } from './trade-bill.ts'

/** The bill host: hands a bill out once, to who asks within thirty seconds of the address. */
export async function downloadBill(alipay: Alipay, request: Request): Promise<Response> {
  const agent = request.headers.get('user-agent') ?? ''
  if (alipay.settings.billHost === 'browsers' && !agent.includes('Mozilla/')) return denied()

  const token = new URL(request.url).searchParams.get('token') ?? ''
  const ticket = await billTickets(alipay.books).change(token, (current) => ({
    document: undefined,
    outcome: current,
  }))
  const seller = ticket && (await sellerOf(alipay, ticket.sellerId))
  const period = ticket && periodOf(ticket.date)
  if (!ticket || !seller || !period || alipay.clock.now() >= ticket.validUntilMs) return gone()

  const content = await pack(alipay, seller, ticket.type, period)
  const name = `${billAccount(seller.sellerId)}_${period.digits}.csv.zip`
  return new Response(content, {
    headers: {
      'Content-Type': 'application/octet-stream',
      'Content-Disposition': `attachment; filename=${name}`,
    },
  })
}

async function pack(
  alipay: Alipay,
  seller: Seller,
  type: 'trade' | 'signcustomer',
  period: Period,
): Promise<Uint8Array<ArrayBuffer>> {
  const title = type === 'trade' ? '业务明细' : '账务明细'
  const prefix = `${billAccount(seller.sellerId)}_${period.digits}_${title}`
  const [details, summary] = await textsOf(alipay, seller, type, period)
  const digits = beijingDigits(exportMs(period.toMs))
  return zip([
    { name: `${prefix}.csv`, content: toGbk(details), digits },
    { name: `${prefix}(汇总).csv`, content: toGbk(summary), digits },
  ])
}

async function textsOf(
  alipay: Alipay,
  seller: Seller,
  type: 'trade' | 'signcustomer',
  period: Period,
): Promise<readonly [details: string, summary: string]> {
  if (type === 'trade') {
    const rows = await tradeRows(alipay, seller, period)
    return [tradeDetails(seller, period, rows), tradeSummary(seller, period, rows)]
  }
  const rows = await accountRows(alipay, seller, period)
  return [accountDetails(seller, period, rows), accountSummary(seller, period, rows)]
}

/** What a firewall says to a program that does not look like a browser. */
function denied(): Response {
  return new Response('<html><body><h1>403 Forbidden</h1></body></html>', {
    status: 403,
    headers: { 'Content-Type': 'text/html' },
  })
}

/** An address that has been used, or was not used in time, leads to a page that says so. */
function gone(): Response {
  const page = '<html><body>下载链接已失效，请重新获取</body></html>'
  return new Response(toGbk(page), {
    status: 200,
    headers: { 'Content-Type': 'text/html;charset=GBK' },
  })
}
