/** The pages of the openauth host: a payer or a merchant is asked, and sent back with a code. */

import { escapeHtml, page, redirect, withQuery } from '../encoding/html.ts'
import { appOf } from '../party/apps.ts'
import { listSellers } from '../party/sellers.ts'
import type { Alipay } from '../settings.ts'
import { issueCode } from './codes.ts'

/**
 * `/oauth2/publicAppAuthorize.htm`: who is the payer? For the scope `auth_base` nobody is asked, as
 * inside Alipay; for all others there is a page.
 */
export async function payerConsent(alipay: Alipay, request: Request): Promise<Response> {
  const asked = await readAsked(alipay, request)
  if (asked instanceof Response) return asked
  const { query, appId, returnUrl } = asked
  const scope = query.get('scope') ?? ''
  if (scope === '') return wrong('scope')
  if (scope !== 'auth_base' && query.get('agreed') === null) {
    return askPage(query, `应用 ${appId} 想知道你是谁`, [['1', '同意']])
  }
  const back = new URLSearchParams({
    app_id: appId,
    source: 'alipay_wallet',
    scope,
    auth_code: await issueCode(alipay, { kind: 'user', appId }),
    ...stateOf(query),
  })
  return redirect(withQuery(returnUrl, back))
}

/** `/oauth2/appToAppAuth.htm`: may a service provider's app act for me? The person picks who "me" is. */
export async function merchantConsent(alipay: Alipay, request: Request): Promise<Response> {
  const asked = await readAsked(alipay, request)
  if (asked instanceof Response) return asked
  const { query, appId, returnUrl } = asked
  const sellers = await listSellers(alipay)
  const seller = sellers.find(({ sellerId }) => sellerId === query.get('agreed'))
  if (seller === undefined) {
    const choices = sellers.map(({ sellerId, name }) => [sellerId, name] as const)
    return askPage(query, `授权应用 ${appId} 代为收款，你是`, choices)
  }
  const { sellerId } = seller
  const authAppId = `2021${sellerId.slice(4)}`
  const code = await issueCode(alipay, { kind: 'app', appId, authAppId, sellerId })
  const back = new URLSearchParams({
    app_id: appId,
    source: 'alipay_app_auth',
    app_auth_code: code,
  })
  for (const [name, value] of Object.entries(stateOf(query))) back.set(name, value)
  return redirect(withQuery(returnUrl, back))
}

async function readAsked(alipay: Alipay, request: Request) {
  const query = new URL(request.url).searchParams
  const appId = query.get('app_id') ?? ''
  if ((await appOf(alipay, appId)) === undefined) return wrong('app_id')
  const returnUrl = query.get('redirect_uri') ?? ''
  if (!/^https?:\/\/./.test(returnUrl)) return wrong('redirect_uri')
  return { query, appId, returnUrl }
}

/** The same address again, with what was agreed to. */
function askPage(
  query: URLSearchParams,
  question: string,
  choices: readonly (readonly [value: string, label: string])[],
): Response {
  const links = choices.map(([value, label]) => {
    const next = new URLSearchParams(query)
    next.set('agreed', value)
    return `<li><a href="?${escapeHtml(String(next))}">${escapeHtml(label)}</a></li>`
  })
  return page('授权', `<p>${escapeHtml(question)}</p><ul>${links.join('')}</ul>`)
}

function stateOf(query: URLSearchParams): Readonly<Record<string, string>> {
  const state = query.get('state')
  return state === null ? {} : { state }
}

function wrong(parameter: string): Response {
  return page('授权', `<p>参数不正确: ${parameter}</p>`, 400)
}
