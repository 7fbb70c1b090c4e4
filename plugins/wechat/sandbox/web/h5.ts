/** The page of an H5 order, on which a payer in a browser of their own goes to WeChat and back. */
import { yuan } from '../bill/csv.ts'
import { findOpened } from '../opening.ts'
import { tradeState } from '../order.ts'
import { pay } from '../paying.ts'
import type { Wechat } from '../settings.ts'
import { escaped, page } from './html.ts'

/**
 * `GET` and `POST /cgi-bin/mmpayweb-bin/checkmweb` of the host wx.tenpay.com. WeChat wants to know
 * which page the browser comes from, and shows an error to one that does not say; here only where
 * the settings want it, for who hands browsers on to us may not hand that on.
 */
export async function h5Page(wechat: Wechat, request: Request): Promise<Response> {
  const comesFromNowhere = request.method === 'GET' && !request.headers.get('referer')
  if (wechat.settings.h5NeedsReferer && comesFromNowhere) {
    return page('商家参数格式有误，请联系商家解决', '', 400)
  }
  const url = new URL(request.url)
  const found = await findOpened(wechat, `https://wx.tenpay.com${url.pathname}${url.search}`)
  if (!found.ok) return page('支付请求已失效，请重新发起支付', escaped(found.refusal), 400)
  const { id, order } = found.value
  if (request.method === 'GET') return offer(order.description, order.amount.minor)

  const form = new URLSearchParams(await request.text())
  if (form.get('action') === 'pay') await pay(wechat, id)
  const back = url.searchParams.get('redirect_url') ?? ''
  if (/^https?:\/\//.test(back)) {
    return new Response(null, { status: 303, headers: { Location: back } })
  }
  return page(form.get('action') === 'pay' ? '支付成功' : tradeState(order), '')
}

function offer(subject: string, minor: number): Response {
  const buttons = `<button name="action" value="pay">支付</button> <button name="action" value="cancel">取消</button>`
  return page(
    '微信支付（模拟）',
    `<p>${escaped(subject)}</p><p>¥${yuan(minor)}</p><form method="post">${buttons}</form>`,
  )
}
