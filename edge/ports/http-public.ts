import { type LookupAddress, lookup as systemLookup } from 'node:dns'
import { type ClientRequest, type IncomingMessage, request as requestPlain } from 'node:http'
import { request as requestTls } from 'node:https'
import { isIP, type LookupFunction } from 'node:net'
import { isPublicAddress } from '../../core/notification/address.ts'
import type { HttpAnswer, HttpPort, HttpRequest } from '../../core/ports.ts'
import { describe, readBounded } from './http.ts'

/** How names are resolved, and which addresses may be dialled. Tests have their own. */
export interface Dialling {
  readonly lookup: typeof systemLookup
  readonly isPublic: (address: string) => boolean
}

/**
 * Node and Deno: keeps calls that want the public Internet out of private networks.
 *
 * The runtimes' `fetch` resolves names by itself and tells nobody what it found. `node:http` asks a
 * function that we give, right before it dials, and dials what that answers: a name is looked up
 * once, judged, and there is no second look-up by which it could lead somewhere else. Each call has a
 * connection of its own.
 *
 * @param port takes all other calls
 */
export function publicTargets(
  port: HttpPort,
  dialling: Dialling = { lookup: systemLookup, isPublic: isPublicAddress },
): HttpPort {
  return {
    send: (request) =>
      request.target === 'public' ? callPublic(request, dialling) : port.send(request),
  }
}

const PRIVATE = 'it leads to a private address'

function callPublic(request: HttpRequest, dialling: Dialling): Promise<HttpAnswer> {
  const url = URL.parse(request.url)
  const host = url?.hostname.replace(/^\[|\]$/g, '') ?? ''
  // An address needs no look-up, so nobody would be asked.
  if (isIP(host) !== 0 && !dialling.isPublic(host)) return notSent(PRIVATE)
  let call: ClientRequest
  try {
    call = open(request, dialling)
  } catch {
    return notSent('its URL or a header is malformed')
  }
  return new Promise((resolve) => {
    let isConnected = false
    let status: number | undefined
    const end = (answer: HttpAnswer) => {
      clearTimeout(deadline)
      resolve(answer)
      call.destroy()
    }
    const deadline = setTimeout(() => {
      end(
        status === undefined
          ? failed(`nothing within ${request.timeoutMs} ms`)
          : brokeOff(status, `unfinished after ${request.timeoutMs} ms`),
      )
    }, request.timeoutMs)
    const failed = (what: string): HttpAnswer =>
      isConnected
        ? { kind: 'unknown', evidence: `no answer: ${what}` }
        : { kind: 'not_sent', reason: `not connected: ${what}` }
    call.on('socket', (socket) => {
      socket.once('encrypted' in socket ? 'secureConnect' : 'connect', () => {
        isConnected = true
      })
    })
    call.on('error', (error) => {
      end(status === undefined ? failed(describe(error)) : brokeOff(status, describe(error)))
    })
    call.on('response', (response) => {
      const answered = response.statusCode ?? 0
      status = answered
      answerOf(response, request).then(end, (error: unknown) =>
        end(brokeOff(answered, describe(error))),
      )
    })
    call.end(request.body)
  })
}

/** Redirects are not followed: `node:http` never does. */
function open({ url, method, headers }: HttpRequest, dialling: Dialling): ClientRequest {
  const send = url.startsWith('https:') ? requestTls : requestPlain
  return send(url, {
    method,
    headers: { 'accept-encoding': 'identity', ...headers },
    agent: false,
    lookup: judgedLookup(dialling),
  })
}

/** Of a name with several addresses all have to be public: which of them is dialled is chance. */
function judgedLookup({ lookup, isPublic }: Dialling): LookupFunction {
  return (hostname, options, done) => {
    lookup(hostname, { ...options, all: true }, (error, addresses: LookupAddress[]) => {
      if (error !== null) return done(error, [])
      const [first] = addresses
      if (first === undefined || !addresses.every(({ address }) => isPublic(address))) {
        return done(new Error(PRIVATE), [])
      }
      return options.all === true ? done(null, addresses) : done(null, first.address, first.family)
    })
  }
}

async function answerOf(response: IncomingMessage, request: HttpRequest): Promise<HttpAnswer> {
  const status = response.statusCode ?? 0
  const headers = new Headers()
  for (const [name, values] of Object.entries(response.headersDistinct)) {
    for (const value of values ?? []) headers.append(name, value)
  }
  const body = await readBounded(response, request)
  if (body !== undefined) return { kind: 'answered', status, headers, body }
  const evidence = `answer ${status} is longer than ${request.maxAnswerBytes} bytes`
  return { kind: 'unknown', evidence }
}

function brokeOff(status: number, what: string): HttpAnswer {
  return { kind: 'unknown', evidence: `answer ${status} broke off: ${what}` }
}

async function notSent(reason: string): Promise<HttpAnswer> {
  return { kind: 'not_sent', reason }
}
