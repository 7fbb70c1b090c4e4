import { eq } from 'drizzle-orm'
import { html } from 'hono/html'
import type { Core } from '../core.ts'
import type { AttemptId } from '../ids.ts'
import { type PaymentRow, selectCases } from '../payment/case.ts'
import { freshened } from '../payment/find.ts'
import { revisionOf, selectConfigRevision } from '../routing/config-revision.ts'
import { findAppAt } from '../routing/directory.ts'
import { attempts } from '../store/schema.ts'
import { presentFields, signFields } from './jeepay/envelope.ts'
import { paymentFields, stateNumber } from './jeepay/wire.ts'

/**
 * `/api/pay/return/{channel}/{attemptId}`: where a channel sends the payer's browser. It goes on to
 * the merchant's `returnUrl` with what is known, signed; without one the payer sees the true state
 * on a page of ours, where JeePay says "paid" whatever has happened.
 *
 * @see reference §14
 */
export async function serveReturn(core: Core, attemptId: string): Promise<Response> {
  const db = core.store.read
  const [revisions, cases] = await db.batch([
    selectConfigRevision({}),
    selectCases(eq(attempts.attemptId, attemptId as AttemptId)),
  ])
  const kase = cases[0]
  if (kase === undefined) return page('找不到订单', 404)
  const payment = await freshened(core, kase)
  const app = await findAppAt(core, payment.appId, revisionOf(revisions))
  if (payment.returnUrl === null || app === undefined) return page(stateText(payment), 200)
  const location = withResult(
    payment.returnUrl,
    payment,
    core.ports.clock.now(),
    app.secrets.current,
  )
  return new Response(null, { status: 302, headers: { location } })
}

export function withResult(
  returnUrl: string,
  payment: PaymentRow,
  reqTimeMs: number,
  secret: string,
): string {
  const fields = presentFields({ ...paymentFields(payment), reqTime: reqTimeMs })
  return withQuery(returnUrl, [...fields, ['sign', signFields(fields, secret)]])
}

/** The query goes to the very end: behind the hash, where pages with hash routes look for it. */
export function withQuery(
  address: string,
  fields: readonly (readonly [string, string | number])[],
): string {
  const query = fields
    .map(([name, value]) => `${name}=${encodeURIComponent(String(value))}`)
    .join('&')
  // Merchants write Chinese into their URLs as it is; a header holds ASCII alone.
  const url = address.replaceAll(/[^\x21-\x7e]+/g, encodeURIComponent)
  if (!url.includes('?')) return `${url}?${query}`
  return url.includes('=') ? `${url}&${query}` : `${url}${query}`
}

const STATE_TEXTS: Readonly<Record<number, string>> = {
  0: '等待支付',
  1: '等待支付',
  2: '支付成功',
  3: '支付失败',
  5: '已全额退款',
  6: '订单已关闭',
}

function stateText(payment: PaymentRow): string {
  return STATE_TEXTS[stateNumber(payment)] ?? ''
}

async function page(text: string, status: number): Promise<Response> {
  const document = await html`<!doctype html>
<html lang="zh-CN">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>${text}</title>
<body style="font:20px system-ui;text-align:center;margin-top:20vh">${text}</body>
</html>`
  return new Response(document.toString(), {
    status,
    headers: { 'content-type': 'text/html;charset=UTF-8', 'cache-control': 'no-store' },
  })
}
