import { toGbk } from './gbk.ts'

/** Text as it may stand in a page and inside a quoted attribute. */
export function escapeHtml(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
    .replaceAll("'", '&#39;')
}

/** @param body markup: what came from outside in it is escaped already */
export function page(title: string, body: string, status = 200): Response {
  return new Response(document(title, body, 'utf-8'), {
    status,
    headers: {
      'Content-Type': 'text/html;charset=utf-8',
      'Content-Security-Policy': "default-src 'none'; style-src 'unsafe-inline'",
    },
  })
}

/** A page in GBK, as the gateway writes those that say what is wrong with a link. */
export function gbkPage(title: string, body: string): Response {
  return new Response(toGbk(document(title, body, 'GBK')), {
    headers: { 'Content-Type': 'text/html;charset=GBK' },
  })
}

export function redirect(address: string): Response {
  return new Response(null, { status: 302, headers: { Location: address } })
}

/** An address with further parameters behind those that it has. */
export function withQuery(address: string, query: URLSearchParams): string {
  const [base = '', fragment] = address.split('#')
  const joined = `${base}${base.includes('?') ? '&' : '?'}${query}`
  return fragment === undefined ? joined : `${joined}#${fragment}`
}

function document(title: string, body: string, charset: string): string {
  return `<!doctype html>
<html lang="zh-CN">
<head><meta charset="${charset}"><meta name="viewport" content="width=device-width">
<title>${escapeHtml(title)}</title>
<style>body{font:16px/1.6 system-ui,sans-serif;margin:2rem auto;max-width:26rem;padding:0 1rem}
button{font:inherit;padding:.4rem 1rem;margin:.2rem .2rem 0 0}strong{font-size:1.6rem}</style></head>
<body><p><small>支付宝（模拟） · no real money</small></p>
${body}
</body>
</html>
`
}
