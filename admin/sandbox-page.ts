/**
 * The sandbox page: one static document that knows the JSON beside it and nothing else. Text from
 * orders goes into the page as text, never as markup.
 */
export const page = `<!doctype html>
<html lang="zh-CN">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>Tongbao 通宝 · sandbox</title>
<style>
  :root { color-scheme: light dark; --line: #8884; --soft: #8881; --go: #07a35a; --bad: #c0392b }
  * { box-sizing: border-box }
  body { font: 15px/1.5 system-ui, sans-serif; margin: 0 auto; padding: 1rem; max-width: 60rem }
  h1 { font-size: 1.3rem; margin: 0 }
  h2 { font-size: 1rem; margin: 1.5rem 0 .5rem }
  header, .row { display: flex; flex-wrap: wrap; gap: .5rem; align-items: center }
  header { justify-content: space-between }
  button, input, select { font: inherit; padding: .3rem .6rem; border-radius: .4rem; border: 1px solid var(--line); background: var(--soft); color: inherit; max-width: 100% }
  button { cursor: pointer } button.go { background: var(--go); color: #fff; border-color: var(--go) }
  input[type=number] { width: 7rem }
  article { border: 1px solid var(--line); border-radius: .6rem; padding: .7rem .9rem; margin: .6rem 0 }
  article > .row:first-child { justify-content: space-between }
  code { font-size: .85em; overflow-wrap: anywhere } small { opacity: .75 }
  .state { padding: 0 .5rem; border-radius: 1rem; border: 1px solid var(--line) }
  .state.succeeded { color: var(--go) } .state.failed, .state.closed { color: var(--bad) }
  #said { min-height: 1.5em; color: var(--bad) } img { background: #fff; border-radius: .4rem; max-width: 9rem }
</style>
</head>
<body>
<header><h1>通宝 Tongbao <small data-say="sandbox"></small></h1><div class="row"><small id="clock"></small><button id="language">EN</button></div></header>
<p data-say="intro"></p>
<p id="said" role="status"></p>
<h2 data-say="newOrder"></h2>
<form id="order" class="row">
  <select name="way" aria-label="way"></select>
  <input name="amount" type="number" min="1" value="100" aria-label="fen"><span data-say="fen"></span>
  <input name="openid" value="oSandboxPayer000000000000001" aria-label="openid">
  <button class="go" data-say="create"></button>
</form>
<h2 data-say="channel"></h2>
<form id="fault" class="row">
  <select name="channel" aria-label="channel"></select>
  <select name="fault" aria-label="fault"></select>
  <input name="times" type="number" min="1" value="1" aria-label="times">
  <button data-say="misbehave"></button>
</form>
<div class="row" style="margin-top:.5rem"><span data-say="time"></span>
  <button data-advance="60000">+1 min</button><button data-advance="3600000">+1 h</button><button data-advance="86400000">+1 d</button></div>
<h2 data-say="orders"></h2>
<main id="orders"></main>
<script type="module">
const words = {
  zh: { sandbox: '沙箱', intro: '这里没有真钱。下面列出最近的订单：你来扮演付款人，也可以让支付通道出错。', newOrder: '用演示商户下一单', fen: '分', create: '下单',
    channel: '让通道出错', misbehave: '从下一次起', time: '快进时间', orders: '订单', none: '还没有订单', pay: '付款', cancel: '取消', insufficient_balance: '余额不足', password: '要求输密码', fail: '支付失败',
    refundHalf: '退一半', atChannel: '通道', told: '已通知商户', waiting: '待通知', exhausted: '通知失败', ignore: '不理会即为“忽略”' },
  en: { sandbox: 'sandbox', intro: 'No real money here. Play the payer of the latest orders, or make the channel misbehave.', newOrder: 'Order as the demo merchant', fen: 'fen', create: 'Order',
    channel: 'Make the channel misbehave', misbehave: 'From the next call on', time: 'Put the clock forward', orders: 'Orders', none: 'No orders yet', pay: 'Pay', cancel: 'Cancel', insufficient_balance: 'No balance', password: 'Ask for password', fail: 'Fail',
    refundHalf: 'Refund half', atChannel: 'channel', told: 'merchant told', waiting: 'to be told', exhausted: 'never told', ignore: 'Doing nothing is "ignore"' },
}
let language = navigator.language.startsWith('zh') ? 'zh' : 'en'
const say = (key) => words[language][key] ?? key
const $ = (id) => document.getElementById(id)

function make(tag, properties = {}, ...children) {
  const element = Object.assign(document.createElement(tag), properties)
  element.append(...children)
  return element
}

async function call(path, body) {
  const response = await fetch('/sandbox/api' + path, body === undefined ? {} : {
    method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) })
  const answer = await response.json()
  const problem = answer.error ?? (answer.code ? answer.msg : '')
  $('said').textContent = problem || ''
  return answer
}

async function act(path, body) { const answer = await call(path, body); await refresh(); return answer }

const drawn = new Map()
function orderCard(order) {
  const buttons = order.actions.map((action) => make('button', { className: action === 'pay' ? 'go' : '', textContent: say(action),
    onclick: () => act('/orders/' + order.payOrderId + '/pay', { outcome: action }) }))
  if (order.stateName === 'succeeded' && order.refunds.length === 0 && order.amount > 1) {
    buttons.push(make('button', { textContent: say('refundHalf'),
      onclick: () => act('/orders/' + order.payOrderId + '/refund', { amount: Math.floor(order.amount / 2) }) }))
  }
  const facts = [
    ...order.refunds.map((refund) => '↩ ' + refund.refundId + ' ' + (refund.amount / 100).toFixed(2) + ' ' + refund.state),
    ...order.notifications.map((n) => '✉ ' + n.kind + ': ' + say(n.state === 'delivered' ? 'told' : n.state) + ' (' + n.tries.length + ') ' + n.url),
  ].map((text) => make('div', {}, make('small', { textContent: text })))
  const picture = drawn.get(order.payOrderId)
  return make('article', {},
    make('div', { className: 'row' },
      make('strong', { textContent: '¥' + (order.amount / 100).toFixed(2) + ' ' + order.subject }),
      make('span', { className: 'state ' + order.stateName, textContent: order.stateName })),
    make('div', {}, make('code', { textContent: order.payOrderId + ' · ' + order.mchOrderNo + ' · ' + order.wayCode })),
    make('div', {}, make('small', { textContent: say('atChannel') + ': ' + (order.channelState ?? '–') })),
    ...(picture && order.actions.length ? [make('img', { src: picture, alt: 'QR' })] : []),
    ...facts, make('div', { className: 'row' }, ...buttons))
}

async function refresh() {
  const [{ orders }, { nowMs }] = await Promise.all(['/orders', '/clock'].map(async (path) => (await fetch('/sandbox/api' + path)).json()))
  $('clock').textContent = new Date(nowMs).toLocaleString(language === 'zh' ? 'zh-CN' : 'en')
  $('orders').replaceChildren(...(orders.length ? orders.map(orderCard) : [make('p', { textContent: say('none') })]))
}

function translate() {
  document.documentElement.lang = language === 'zh' ? 'zh-CN' : 'en'
  $('language').textContent = language === 'zh' ? 'EN' : '中文'
  for (const element of document.querySelectorAll('[data-say]')) element.textContent = say(element.dataset.say)
}

const FAULTS = ['pay silence_before', 'pay silence_after', 'pay reset_after', 'pay error_after', 'pay bad_signature', 'pay html_before', 'pay rate_limited', 'pay truncated',
  'query not_found', 'query error_before', 'close error_after', 'refund silence_after', 'refund error_after',
  'callback drop', 'callback duplicate', 'callback delay', 'callback reorder', 'callback early', 'callback bad_signature', 'callback wrong_amount', 'callback wrong_merchant']

const { channels } = await call('/channels')
for (const { channel, ways } of channels) {
  $('fault').channel.append(make('option', { value: channel, textContent: channel }))
  for (const way of ways) $('order').way.append(make('option', { value: way, textContent: way }))
}
for (const fault of FAULTS) $('fault').fault.append(make('option', { value: fault, textContent: fault }))

$('order').onsubmit = async (event) => {
  event.preventDefault()
  const { way, amount, openid } = event.target
  const drawable = /NATIVE|QR|OC/.test(way.value)
  const answer = await call('/orders', { wayCode: way.value, amount: Number(amount.value),
    channelExtra: drawable ? { payDataType: 'codeImgUrl' } : { openid: openid.value } })
  if (answer.data?.payDataType === 'codeImgUrl') drawn.set(answer.data.payOrderId, answer.data.payData)
  await refresh()
}
$('fault').onsubmit = async (event) => {
  event.preventDefault()
  const { channel, fault, times } = event.target
  const [on, what] = fault.value.split(' ')
  await act('/faults', { channel: channel.value, faults: [{ on, fault: what, times: Number(times.value), ...(what === 'delay' && { delayMs: 30000 }) }] })
}
for (const button of document.querySelectorAll('[data-advance]')) {
  button.onclick = () => act('/clock', { advanceMs: Number(button.dataset.advance) })
}
$('language').onclick = () => { language = language === 'zh' ? 'en' : 'zh'; translate(); refresh() }
translate()
await refresh()
setInterval(refresh, 2000)
</script>
</body>
</html>
`
