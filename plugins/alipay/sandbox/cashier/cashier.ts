/** The page on which somebody pays, and what its buttons do. */

import { beijingTime } from '../beijing-time.ts'
import { tell } from '../callback/tell.ts'
import { signText } from '../crypto/sign-text.ts'
import { signature, signerFor } from '../crypto/signer.ts'
import { encoded } from '../encoding/charset.ts'
import { readForm } from '../encoding/form.ts'
import { escapeHtml, page, redirect, withQuery } from '../encoding/html.ts'
import { appOf } from '../party/apps.ts'
import type { Alipay } from '../settings.ts'
import { followTo } from '../trade/finding.ts'
import { payTrade } from '../trade/paying.ts'
import { whyNotPayable } from '../trade/standing.ts'
import type { OpenedTrade, Trade } from '../trade/trade.ts'
import { yuan } from '../yuan.ts'

/** Links and forms are relative: the page works wherever the simulator is served. */
export function cashier(trade: Trade, said = ''): Response {
  const ticket = escapeHtml(trade.opening?.key ?? '')
  return page(
    '收银台',
    `<p>${escapeHtml(trade.subject)}</p><p><strong>￥${yuan(trade.fen)}</strong></p>
<p>${escapeHtml(trade.outTradeNo)}</p><p role="status">${escapeHtml(said)}</p>
<form method="post" action="cashier.htm"><input type="hidden" name="ticket" value="${ticket}">
${button('pay', '付款')}${button('insufficient_balance', '余额不足')}${button('fail', '支付失败')}${button('cancel', '放弃')}
</form>`,
  )
}

/** `/cashier.htm`: a payer came back to the page, or pressed a button on it. */
export async function serveCashier(alipay: Alipay, request: Request): Promise<Response> {
  const sent = request.method === 'POST' ? await request.arrayBuffer() : undefined
  const pressed = Object.fromEntries(readForm(new Uint8Array(sent ?? []), 'utf-8'))
  const ticket = pressed.ticket ?? new URL(request.url).searchParams.get('ticket') ?? ''
  const found = await followTo(alipay, ticket)
  if (found === undefined) return page('收银台', '<p>没有这笔交易。</p>', 404)

  const { id, trade } = found
  const why = whyNotPayable(trade, alipay.clock.now())
  if (trade.paidAtMs === null && why !== undefined) return page('收银台', '<p>交易已关闭。</p>')
  switch (pressed.action) {
    case 'pay': {
      const paid = await payTrade(alipay, id, tell)
      return paid.ok ? paidPage(alipay, paid.value) : cashier(trade, '支付失败，请重试')
    }
    case 'cancel':
      return trade.quitUrl === null
        ? page('收银台', '<p>已放弃付款。</p>')
        : redirect(trade.quitUrl)
    case 'insufficient_balance':
      return cashier(trade, '余额不足，请更换付款方式')
    case 'fail':
      return cashier(trade, '支付失败，请重试')
    default:
      return trade.paidAtMs === null ? cashier(trade) : page('收银台', '<p>已付款。</p>')
  }
}

/** Back to the merchant, with parameters that Alipay signed; or just a page that says so. */
async function paidPage(alipay: Alipay, trade: OpenedTrade): Promise<Response> {
  const address = await returnAddress(alipay, trade)
  return address === undefined ? page('收银台', '<p>付款成功。</p>') : redirect(address)
}

/** That somebody came back, which says nothing of whether the trade is paid. */
export async function returnAddress(
  alipay: Alipay,
  trade: OpenedTrade,
): Promise<string | undefined> {
  const app = await appOf(alipay, trade.appId)
  if (trade.returnUrl === null || app === undefined || trade.product === 'app') return undefined
  const fields = {
    app_id: trade.appId,
    auth_app_id: trade.authAppId,
    charset: trade.charset,
    method: `alipay.trade.${trade.product}.pay.return`,
    out_trade_no: trade.outTradeNo,
    seller_id: trade.sellerId,
    timestamp: beijingTime(alipay.clock.now()),
    total_amount: yuan(trade.fen),
    trade_no: trade.opened.tradeNo,
    version: '1.0',
  }
  const message = encoded(trade.charset, signText(fields))
  const sign = await signature(signerFor(alipay, app), message, trade.signType, 'sound')
  const query = new URLSearchParams({ ...fields, sign, sign_type: trade.signType })
  return withQuery(trade.returnUrl, query)
}

function button(action: string, label: string): string {
  return `<button name="action" value="${action}">${label}</button>`
}
