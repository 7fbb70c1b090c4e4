import type { ClientIpHeader, Core } from '../core.ts'
import { takeOne } from '../limits/limit.ts'
import { failureAnswer, tooManyRequests } from './jeepay/envelope.ts'

/** A channel, a timer and a supervisor must be heard, however often they call. */
const NEVER_LIMITED =
  /^\/(api\/(pay|refund|transfer|account)\/notify\/|internal\/|healthz$|livez$|metrics$)/

/**
 * Counts a request against the limit of the address that it came from, before anything of it is read.
 *
 * @returns the answer, when there were too many
 */
export async function limitedByIp(core: Core, request: Request): Promise<Response | undefined> {
  if (core.settings.rates?.perIp === undefined) return undefined
  const { pathname } = new URL(request.url)
  if (NEVER_LIMITED.test(pathname)) return undefined
  const ip = addressOf(core, request)
  if (ip === undefined) return undefined
  const taken = await takeOne(core, 'ip', ip)
  if (taken.within) return undefined
  // Counted anyhow: a flood of requests must not become one of lines.
  core.ports.log.write('debug', 'too many requests from one address', { path: pathname })
  return pathname.startsWith('/api/')
    ? failureAnswer(tooManyRequests(taken.retryAfterMs))
    : problem(taken.retryAfterMs)
}

function problem(retryAfterMs: number): Response {
  return new Response(JSON.stringify({ title: 'Too Many Requests', status: 429 }), {
    status: 429,
    headers: {
      'content-type': 'application/problem+json',
      'retry-after': String(Math.ceil(retryAfterMs / 1_000)),
    },
  })
}

/**
 * Who called, as far as it can be believed: what the deployment's own proxy says, or who is at the
 * other end of the connection. Everybody can write the other headers.
 */
export function addressOf({ settings, peer }: Core, request: Request): string | undefined {
  const { clientIpHeader } = settings
  if (clientIpHeader === undefined) return groupOf(peer)
  return groupOf(fromHeader(clientIpHeader, request.headers.get(clientIpHeader)))
}

/** A proxy adds who it was called by to the end of `X-Forwarded-For`: what stands before is hearsay. */
function fromHeader(name: ClientIpHeader, value: string | null): string | undefined {
  const given = name === 'x-forwarded-for' ? value?.split(',').at(-1) : value
  const ip = given?.trim()
  return ip !== undefined && /^[0-9A-Fa-f.:]{2,45}$/.test(ip) ? ip : undefined
}

/** Whoever has one IPv6 address has its whole /64. */
function groupOf(ip: string | undefined): string | undefined {
  if (ip === undefined || !ip.includes(':')) return ip
  if (/^::ffff:[\d.]+$/i.test(ip)) return ip.slice('::ffff:'.length)
  const [head = ''] = ip.toLowerCase().split('::')
  return head.split(':').slice(0, 4).join(':')
}
