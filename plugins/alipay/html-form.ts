/** A page that posts itself. Every value is escaped: an order has texts of merchants and payers in it. */
export function selfPostingForm(action: string, fields: Readonly<Record<string, string>>): string {
  const inputs = Object.entries(fields).map(
    ([name, value]) => `<input type="hidden" name="${escaped(name)}" value="${escaped(value)}">`,
  )
  return `<!doctype html>
<html lang="zh-CN">
<head><meta charset="utf-8"><title>支付宝</title></head>
<body>
<form id="pay" action="${escaped(action)}" method="post" accept-charset="utf-8">
${inputs.join('\n')}
<noscript><button type="submit">前往支付宝付款</button></noscript>
</form>
<script>document.getElementById('pay').submit()</script>
</body>
</html>
`
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
}

function escaped(text: string): string {
  return text.replace(/[&<>"']/g, (char) => ENTITIES[char] ?? char)
}
