import type { Wechat } from '../settings.ts'
import { h5Page } from './h5.ts'
import { accessToken, authorize } from './identity.ts'

type Serve = (wechat: Wechat, request: Request) => Promise<Response>

/** What browsers open, and what is asked of WeChat's social side: no call of a merchant to Pay. */
export const WEB: ReadonlyMap<string, Serve> = new Map<string, Serve>([
  ['/connect/oauth2/authorize', onlyGet(authorize)],
  ['/sns/oauth2/access_token', onlyGet(accessToken)],
  ['/cgi-bin/mmpayweb-bin/checkmweb', h5Page],
])

function onlyGet(serve: (wechat: Wechat, url: URL) => Promise<Response>): Serve {
  return async (wechat, request) =>
    request.method === 'GET'
      ? serve(wechat, new URL(request.url))
      : new Response(null, { status: 405 })
}
