import type { Broken, Simulator } from '../../core/plugin/simulator.ts'
import type { Clock, HttpAnswer, HttpPort, HttpRequest } from '../../core/ports.ts'

type Serve = (request: Request) => Promise<Response | Broken>

/**
 * The HTTP port of a sandbox: calls to a channel's hosts go to its simulator, calls to our own
 * address come back to us without leaving the process (a Worker can't call itself), all others go
 * out as always.
 */
export function sandboxHttp(
  outside: HttpPort,
  clock: Clock,
  simulators: readonly Simulator[],
  ourselves: { readonly publicUrl: string; serve(request: Request): Promise<Response> },
): HttpPort {
  const inside = new Map<string, Serve>([
    [new URL(ourselves.publicUrl).host, (request) => ourselves.serve(request)],
  ])
  for (const simulator of simulators) {
    for (const host of simulator.hosts) inside.set(host, (request) => simulator.serve(request))
  }
  return {
    async send(request) {
      const serve = inside.get(URL.parse(request.url)?.host ?? '')
      return serve === undefined ? outside.send(request) : callInside(clock, serve, request)
    },
  }
}

async function callInside(clock: Clock, serve: Serve, request: HttpRequest): Promise<HttpAnswer> {
  const { method, url, headers, body, timeoutMs, maxAnswerBytes } = request
  const asked = new Request(url, { method, headers, ...(body !== undefined && { body }) })
  const served = await Promise.race([
    serve(asked),
    clock.sleep(timeoutMs).then(() => 'late' as const),
  ])
  if (served === 'silence') {
    await clock.sleep(timeoutMs)
    return { kind: 'unknown', evidence: `nothing within ${timeoutMs} ms` }
  }
  if (served === 'late') return { kind: 'unknown', evidence: `nothing within ${timeoutMs} ms` }
  if (served === 'reset') return { kind: 'unknown', evidence: 'no answer: ECONNRESET' }
  const bytes = new Uint8Array(await served.arrayBuffer())
  if (bytes.length > maxAnswerBytes && request.answerOverflow !== 'cut') {
    return { kind: 'unknown', evidence: `answer is longer than ${maxAnswerBytes} bytes` }
  }
  const { status, headers: answered } = served
  return { kind: 'answered', status, headers: answered, body: bytes.slice(0, maxAnswerBytes) }
}
