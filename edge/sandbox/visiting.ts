import { demoJump } from './demo-shop.ts'
import { NOT_FOUND, type RouteParts } from './parts.ts'

/**
 * Pages of a simulated channel for a person's browser, which cannot reach the channel's own hosts:
 * `/sandbox/visit/{host}/{path}` is what the simulator serves at `https://{host}/{path}`.
 */

const PREFIX = '/sandbox/visit/'

export async function visit({ simulators }: RouteParts, request: Request): Promise<Response> {
  const { pathname, search } = new URL(request.url)
  const [, host = '', path = ''] = /^\/sandbox\/visit\/([^/]+)(\/.*)$/.exec(pathname) ?? []
  const simulator = simulators.find(({ hosts }) => hosts.includes(host))
  if (simulator === undefined) return Response.json(NOT_FOUND, { status: 404 })
  const contentType = request.headers.get('content-type')
  const isPost = request.method === 'POST'
  const served = await simulator.serve(
    new Request(`https://${host}${path}${search}`, {
      method: request.method,
      headers: contentType === null ? {} : { 'content-type': contentType },
      ...(isPost && { body: await request.arrayBuffer() }),
    }),
  )
  if (!(served instanceof Response)) return new Response(`the channel: ${served}`, { status: 502 })
  return atHome(simulators, served)
}

/** Where to visit a channel's address; undefined for one that no simulator stands in for. */
export function visitable(
  simulators: RouteParts['simulators'],
  address: string,
): string | undefined {
  const url = URL.parse(address)
  if (url === null) return undefined
  const isSimulated = simulators.some(({ hosts }) => hosts.includes(url.host))
  return isSimulated ? `${PREFIX}${url.host}${url.pathname}${url.search}` : undefined
}

/** Sends the browser through the question who the payer is: to the channel's page and back. */
export async function askWhoPays(parts: RouteParts, channel: string): Promise<Response> {
  return atHome(parts.simulators, await demoJump(parts, channel))
}

function atHome(simulators: RouteParts['simulators'], response: Response): Response {
  const location = response.headers.get('location')
  const here = location === null ? undefined : visitable(simulators, location)
  if (here === undefined) return response
  return new Response(null, { status: response.status, headers: { location: here } })
}
