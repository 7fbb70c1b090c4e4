/**
 * What the sandbox page does. It runs in a browser as it stands here, after `const WORDS`; there is
 * no build step, hence no types.
 */
export const script = `
let language = navigator.language.startsWith('zh') ? 'zh' : 'en'
const say = (key) => WORDS[language][key] ?? key
const named = (names) => names[language]
const $ = (id) => document.getElementById(id)
const yuan = (fen) => '¥' + (fen / 100).toFixed(2)

function make(tag, properties = {}, ...children) {
  const element = Object.assign(document.createElement(tag), properties)
  element.append(...children.filter((child) => child !== undefined && child !== ''))
  return element
}
const row = (...children) => make('div', { className: 'row' }, ...children)
const button = (text, onclick, className = '') => make('button', { type: 'button', textContent: text, onclick, className })
const option = (value, text) => make('option', { value, textContent: text })
const fact = (text) => make('div', { className: 'fact', textContent: text })

function tell(text, isBad = false) {
  $('said').textContent = text
  $('said').className = isBad ? 'bad' : ''
}

async function call(path, body) {
  const response = await fetch('/sandbox/api' + path, body === undefined ? {} : {
    method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) })
  const answer = await response.json()
  if (body !== undefined) {
    const problem = answer.error ?? (answer.code ? answer.msg : answer.data?.errMsg)
    tell(problem ?? '', true)
  }
  return answer
}

async function act(path, body = {}) {
  const answer = await call(path, body)
  await refresh()
  return answer
}

// --- Cards. One is drawn anew only when what it shows has changed, so that what somebody types or
// --- has opened stays.

const cards = new Map()
const opened = new Set()
let found = ''

function showCards(list, items, draw) {
  const wanted = items.map(({ id, ...item }) => {
    const text = JSON.stringify([item, language, found === id])
    const known = cards.get(id)
    const isTypedIn = known?.element.contains(document.activeElement) && document.activeElement.tagName === 'INPUT'
    if (known === undefined || (known.text !== text && !isTypedIn)) {
      const element = draw(item)
      if (found === id) element.classList.add('found')
      if (known !== undefined) known.element.replaceWith(element)
      cards.set(id, { text, element })
    }
    return cards.get(id).element
  })
  if (wanted.length === 0) return list.replaceChildren(make('p', { textContent: say('none') }))
  wanted.forEach((element, index) => {
    if (list.children[index] !== element) list.insertBefore(element, list.children[index] ?? null)
  })
  while (list.children.length > wanted.length) list.lastChild.remove()
}

function folded(id, summary, ...children) {
  const details = make('details', { open: opened.has(id) }, make('summary', { textContent: summary }), ...children)
  details.ontoggle = () => (details.open ? opened.add(id) : opened.delete(id))
  return details
}

function heading(text, stateName) {
  return row(make('h3', { textContent: text }), make('span', { className: 'state ' + stateName, textContent: say(stateName) }))
}

function notifications(id, all) {
  if (all.length === 0) return ''
  return folded(id + '/told', say('notifications') + ': ' + all.map((one) => say(one.state)).join(', '),
    make('ul', {}, ...all.map((one) => make('li', {},
      fact(one.kind + ' → ' + one.url + ' · ' + say(one.state) + ' · ' + one.tries.length + ' ' + say('tries')),
      ...one.tries.map((a) => fact('#' + a.number + ' ' + (a.status ?? '–') + ' ' + (a.answer ?? '') + ' ' + (a.problem ?? '')))))))
}

function amountForm(label, value, text, submit) {
  const input = make('input', { type: 'number', min: 1, value, required: true })
  const form = make('form', { className: 'inline' }, make('label', {}, make('span', { textContent: label }), input), make('button', { textContent: text }))
  form.onsubmit = (event) => { event.preventDefault(); document.activeElement.blur(); submit(Number(input.value)) }
  return form
}

function orderCard(order) {
  const path = '/orders/' + order.payOrderId
  const paid = order.stateName === 'succeeded'
  const back = order.refunds.filter(({ state }) => state !== 'failed').reduce((sum, { amount }) => sum + amount, 0)
  const left = order.amount - back
  const payer = order.actions.map((action) => button(say(action), () => act(path + '/pay', { outcome: action }), action === 'pay' ? 'go' : ''))
  const merchant = [
    ...(paid && left > 0 ? [amountForm(say('refundFen'), Math.max(1, Math.floor(left / 2)), say('refund'), (amount) => act(path + '/refund', { amount }))] : []),
    ...(order.stateName === 'pending' || order.stateName === 'created' ? [button(say('close'), () => act(path + '/close'))] : []),
    ...(paid && order.canSplit ? [button(say('splitNow'), () => act(path + '/split')), button(say('splitFinish'), () => act(path + '/split', { finish: true }))] : []),
  ]
  const shares = order.splits.flatMap((split) => [
    fact(say('splits') + ' ' + split.divisionId + ' ' + yuan(split.amount) + ' ' + say(split.state) + ' ' + (split.errMsg ?? '')),
    ...split.shares.map((share) => row(
      fact('→ ' + share.account + ' ' + yuan(share.amount) + ' ' + say(share.state) + ' ' + (share.errMsg ?? '')),
      share.state === 'succeeded' && share.returnedAmount < share.amount
        ? button(say('takeBack'), () => act(path + '/split/return', { receiverId: share.receiverId, amount: share.amount - share.returnedAmount })) : '')),
  ])
  return make('article', {},
    heading(yuan(order.amount) + ' ' + order.subject, order.stateName),
    make('code', { textContent: order.payOrderId + ' · ' + order.mchOrderNo + ' · ' + order.wayCode }),
    fact(say('atChannel') + ': ' + (order.channelState ?? say('unknownAtChannel'))),
    order.frozenBecause ? fact(say('frozen') + ': ' + order.frozenBecause) : '',
    order.errMsg ? fact((order.errCode ?? '') + ' ' + order.errMsg) : '',
    order.image && payer.length ? make('img', { src: order.image, alt: order.payData, loading: 'lazy' }) : '',
    order.payData ? folded(order.payOrderId + '/handed', say('show') + ': ' + order.payDataType, make('code', { textContent: order.payData })) : '',
    order.visit && payer.length ? make('p', {}, make('a', { href: order.visit, target: '_blank', textContent: say('visit') })) : '',
    row(...payer), row(...merchant),
    ...order.refunds.map((refund) => fact(say('refunds') + ' ' + refund.refundId + ' ' + yuan(refund.amount) + ' ' + say(refund.state))),
    ...shares,
    ...order.splitReturns.map((one) => fact(say('splitReturns') + ' ' + one.account + ' ' + yuan(one.amount) + ' ' + say(one.state))),
    notifications(order.payOrderId, order.notifications))
}

const PAYEE = { pay: 'take', cancel: 'leave', fail: 'refuse' }

function transferCard(transfer) {
  const path = '/transfers/' + transfer.transferId
  return make('article', {},
    heading(yuan(transfer.amount) + ' → ' + transfer.accountNo, transfer.stateName),
    make('code', { textContent: transfer.transferId + ' · ' + transfer.mchOrderNo + ' · ' + transfer.entryType }),
    transfer.channelState ? fact(say('atChannel') + ': ' + transfer.channelState) : '',
    transfer.errMsg ? fact((transfer.errCode ?? '') + ' ' + transfer.errMsg) : '',
    row(...transfer.actions.map((action) => button(say(PAYEE[action] ?? action), () => act(path + '/take', { outcome: action }), action === 'pay' ? 'go' : '')),
      transfer.actions.length ? button(say('cancelTransfer'), () => act(path + '/cancel')) : ''),
    notifications(transfer.transferId, transfer.notifications))
}

async function refresh() {
  const [{ orders }, { transfers }, { nowMs }] = await Promise.all(['/orders', '/transfers', '/clock'].map((path) => call(path)))
  $('clock').textContent = new Date(nowMs).toLocaleString(language === 'zh' ? 'zh-CN' : 'en')
  showCards($('orders'), orders.map((order) => ({ id: order.payOrderId, ...order })), orderCard)
  showCards($('transfers'), transfers.map((transfer) => ({ id: transfer.transferId, ...transfer })), transferCard)
}

// --- Forms

const [{ channels }, { apps }, faults] = await Promise.all(['/channels', '/merchant', '/faults'].map((path) => call(path)))
const ways = channels.flatMap((channel) => channel.ways.map((way) => ({ ...way, channel })))
const KINDS = { qr_text: ['', 'codeImgUrl'], redirect_url: ['', 'codeImgUrl'], html_form: ['form'] }
const wayOf = () => ways.find(({ wayCode }) => wayCode === $('order').way.value)

function keeping(select, fill) {
  const { value } = select
  select.replaceChildren(...fill())
  if ([...select.options].some((one) => one.value === value)) select.value = value
}

function translate() {
  document.documentElement.lang = language === 'zh' ? 'zh-CN' : 'en'
  $('language').textContent = say('otherLanguage')
  for (const element of document.querySelectorAll('[data-say]')) element.textContent = say(element.dataset.say)
  keeping($('order').way, () => channels.map((channel) => make('optgroup', { label: named(channel.names) },
    ...channel.ways.map((way) => option(way.wayCode, way.wayCode + ' ' + named(way.names))))))
  keeping($('order').app, () => apps.map(({ appId }, at) => option(appId, at === 0 ? say('direct') : say('below') + ' ' + at)))
  keeping($('transfer').entry, () => channels.flatMap((channel) => channel.transfers.map((entry) =>
    option(channel.channel + ' ' + entry.entryType, named(entry.names)))))
  keeping($('fault').channel, () => channels.map((channel) => option(channel.channel, named(channel.names))))
  keeping($('fault').on, () => [...faults.operations, 'callback'].map((on) => option(on, say('on_' + on))))
  $('identities').replaceChildren(...channels.map((channel) =>
    make('a', { href: '/sandbox/identity/' + channel.channel, textContent: say('whoPays') + ' · ' + named(channel.names) })))
  showFaults()
  showPayer()
  showPayee()
  showCodes()
}

function showFaults() {
  const list = $('fault').on.value === 'callback' ? faults.callback : faults.answer
  keeping($('fault').fault, () => list.map((fault) => option(fault, say(fault))))
}

function showPayer() {
  const { inputs, presents, channel } = wayOf()
  const kinds = presents.flatMap((kind) => KINDS[kind] ?? [])
  document.querySelector('[data-for=kinds]').hidden = kinds.length < 2
  keeping($('order').payDataType, () => kinds.map((kind) => option(kind, kind || say('usual'))))
  document.querySelector('[data-for=code]').hidden = !inputs.includes('authCode')
  $('payer').replaceChildren(...inputs.filter((name) => name in channel.payer).map((name) =>
    make('label', {}, make('span', { textContent: name }), make('input', { name, value: channel.payer[name], required: true }))))
}

async function showCodes() {
  const { inputs, channel, wayCode } = wayOf()
  const isAtTill = inputs.includes('authCode')
  $('codes').hidden = !isAtTill
  if (!isAtTill) return
  const { codes } = await call('/channels/' + channel.channel + '/codes')
  keeping($('order').code, () => codes.map((code) => option(code.outcome, named(code.names))))
  $('codes').lastElementChild.replaceChildren(make('table', {}, make('tbody', {}, ...codes.map(({ code, names }) => make('tr', {},
    make('td', {}, make('code', { textContent: code })), make('td', { textContent: named(names) }),
    make('td', {}, button(say('charge'), () => order({ wayCode, channelExtra: { authCode: code } }))))))))
}

function showPayee() {
  const [channel, entryType] = $('transfer').entry.value.split(' ')
  const entry = channels.find((one) => one.channel === channel)?.transfers.find((one) => one.entryType === entryType)
  $('transfer').accountNo.value = entry?.payee?.account ?? ''
}

async function order(fields) {
  const { amount, app, divisionMode } = $('order')
  const answer = await act('/orders', { amount: Number(amount.value), appId: app.value, divisionMode: Number(divisionMode.value), ...fields })
  if (answer.code === 0) find(answer.data.payOrderId)
  await showCodes()
}

async function find(id) {
  found = id
  await refresh()
  cards.get(id)?.element.scrollIntoView({ block: 'nearest' })
}

$('order').onsubmit = (event) => {
  event.preventDefault()
  const { way, payDataType, code } = $('order')
  const payer = [...$('payer').querySelectorAll('input')].map(({ name, value }) => [name, value])
  order({ wayCode: way.value, payerCode: code.value || undefined, channelExtra: Object.fromEntries(payer),
    ...(payDataType.value && { payDataType: payDataType.value }) })
}
$('order').way.onchange = () => { showPayer(); showCodes() }
$('transfer').entry.onchange = showPayee
$('transfer').onsubmit = async (event) => {
  event.preventDefault()
  const { entry, amount, accountNo } = $('transfer')
  const [ifCode, entryType] = entry.value.split(' ')
  const usual = channels.find((one) => one.channel === ifCode).transfers.find((one) => one.entryType === entryType).payee
  const other = accountNo.value && accountNo.value !== usual?.account ? { accountNo: accountNo.value } : {}
  await act('/transfers', { ifCode, entryType, amount: Number(amount.value), ...other })
}
$('open').onsubmit = async (event) => {
  event.preventDefault()
  const answer = await act('/open', { handed: $('open').handed.value.trim() })
  if (answer.payOrderId) { tell(say('opened') + ': ' + answer.payOrderId); find(answer.payOrderId) }
}
$('fault').on.onchange = showFaults
$('fault').onsubmit = async (event) => {
  event.preventDefault()
  const { channel, on, fault, times } = $('fault')
  const one = { on: on.value, fault: fault.value, times: Number(times.value), ...(fault.value === 'delay' && { delayMs: 30000 }) }
  const answer = await act('/faults', { channel: channel.value, faults: [one] })
  if (answer.ok) tell(say('misbehaves') + ': ' + channel.selectedOptions[0].text + ' · ' + on.selectedOptions[0].text + ' · ' + fault.selectedOptions[0].text)
}
$('behave').onclick = async () => {
  const answer = await act('/faults', { channel: $('fault').channel.value, faults: [] })
  if (answer.ok) tell(say('behaves'))
}
for (const one of document.querySelectorAll('[data-advance]')) {
  one.onclick = async () => { await act('/clock', { advanceMs: Number(one.dataset.advance) }); await showCodes() }
}
$('language').onclick = () => { language = language === 'zh' ? 'en' : 'zh'; translate(); refresh() }

translate()
await refresh()
const came = new URLSearchParams(location.search)
if (came.has('channelUserId')) tell(say('identified') + ': ' + came.get('channelUserId'))
setInterval(() => { if (!document.hidden) refresh().catch(() => {}) }, 2000)
`
