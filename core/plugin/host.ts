import type { Core } from '../core.ts'
import { codeLabel, count, observe } from '../observability/meter.ts'
import { redact, redactedLog } from '../observability/redact.ts'
import { about } from '../observability/traced.ts'
import type { Clock, HttpAnswer, Memory } from '../ports.ts'
import type {
  BoundChannel,
  ChannelCache,
  ChannelError,
  ChannelHttp,
  ChannelPorts,
  NotSent,
  Unknown,
} from './api.ts'

const MAX_ANSWER_BYTES = 1_048_576

/** What one call did on the wire: no bodies, no headers, no query values. */
export interface TranscriptLine {
  readonly call: string
  result: string
  ms: number
}

export interface Ran<Outcome> {
  readonly outcome: Outcome
  readonly transcript: readonly TranscriptLine[]
}

export type OperationName =
  | 'pay'
  | 'query'
  | 'close'
  | 'refund'
  | 'query_refund'
  | 'transfer'
  | 'query_transfer'
  | 'cancel_transfer'
  | 'split'
  | 'finish_split'
  | 'query_split'
  | 'return_split'
  | 'query_split_return'
  | 'bind_receiver'
  | 'unbind_receiver'
  | 'identity'
  | 'bills'

/** An operation as logs and metrics name it, with the ids of what it is about. */
export interface ChannelCall {
  readonly operation: OperationName
  /** Whose cache the plugin gets: nothing that one account fetched is seen by another. */
  readonly accountId: string
  readonly paymentId?: string
  readonly attemptId?: string
  readonly refundId?: string
  readonly transferId?: string
  readonly splitId?: string
  readonly splitReturnId?: string
  /** Who pays or is paid: must not stand in any text that comes of the call. Not logged itself. */
  readonly hides?: readonly (string | null | undefined)[]
}

/**
 * Runs one operation of a plugin behind the dispatch stamp: whatever goes wrong in the plugin from
 * here on, a call may have left, so a throw is `unknown`.
 */
export async function runOperation<Outcome extends AnyOutcome>(
  core: Core,
  channel: BoundChannel,
  { hides = [], ...call }: ChannelCall,
  operation: (ports: ChannelPorts) => Promise<Outcome>,
): Promise<Ran<Outcome | Unknown | NotSent>> {
  const { clock } = core.ports
  const startedAtMs = clock.now()
  const here = about(core, { channel: channel.manifest.id, ...call })
  const hidden = [...(channel.secrets ?? []), ...hides.filter((each) => typeof each === 'string')]
  const ran = redacted(await run(here, channel, call.accountId, operation, hidden), hidden)
  measure(core, channel.manifest.id, call.operation, ran.outcome, clock.now() - startedAtMs)
  return ran
}

async function run<Outcome extends AnyOutcome>(
  core: Core,
  channel: BoundChannel,
  scope: string,
  operation: (ports: ChannelPorts) => Promise<Outcome>,
  hidden: readonly string[],
): Promise<Ran<Outcome | Unknown | NotSent>> {
  const transcript: TranscriptLine[] = []
  const ports = channelPorts(core, channel, scope, transcript, hidden)
  try {
    return { outcome: await operation(ports), transcript }
  } catch (error) {
    const thrown = error instanceof Error ? `${error.name}: ${error.message}` : 'threw'
    const evidence = redact(thrown, hidden)
    core.ports.log.write('error', 'a channel operation threw', { evidence })
    // Nothing was handed to the http port: provably nothing left.
    if (transcript.length === 0)
      return { outcome: { kind: 'not_sent', reason: evidence }, transcript }
    return { outcome: { kind: 'unknown', evidence }, transcript }
  }
}

/** The same without what its texts must not tell: they are stored, logged and shown to merchants. */
function redacted<Outcome extends AnyOutcome>(
  { outcome, transcript }: Ran<Outcome>,
  hidden: readonly string[],
): Ran<Outcome> {
  const clean = (text: string) => redact(text, hidden)
  const { error, evidence, reason, shares } = outcome
  return {
    outcome: {
      ...outcome,
      ...(evidence !== undefined && { evidence: clean(evidence) }),
      ...(reason !== undefined && { reason: clean(reason) }),
      ...(error !== undefined && {
        error: { ...error, code: clean(error.code), message: clean(error.message) },
      }),
      ...(shares !== undefined && {
        shares: shares.map((share) => ({
          ...share,
          ...(share.error !== undefined && {
            error: { code: clean(share.error.code), message: clean(share.error.message) },
          }),
        })),
      }),
    },
    transcript: transcript.map(({ call, result, ms }) => ({
      call: clean(call),
      result: clean(result),
      ms,
    })),
  }
}

/** What every outcome has, and what some have. */
interface AnyOutcome {
  readonly kind: string
  readonly error?: ChannelError
  readonly shares?: readonly { readonly error?: Pick<ChannelError, 'code' | 'message'> }[]
  readonly unverified?: true
  readonly evidence?: string
  readonly reason?: string
}

function measure(
  core: Core,
  channel: string,
  operation: OperationName,
  outcome: AnyOutcome,
  ms: number,
): void {
  observe(core, 'tongbao_channel_seconds', { channel, operation }, ms)
  count(core, 'tongbao_channel_outcomes_total', { channel, operation, outcome: outcome.kind })
  const { error, unverified } = outcome
  if (error?.class === 'unmapped') {
    const code = codeLabel(core, error.code)
    count(core, 'tongbao_unmapped_codes_total', { channel, code, operation })
  }
  if (unverified) count(core, 'tongbao_verification_failures_total', { channel, on: 'answer' })
}

/**
 * The ports of a plugin.
 *
 * @param scope whose cache it is: nothing that one account fetched is seen by another
 */
export function channelPorts(
  { ports }: Core,
  channel: BoundChannel,
  scope: string,
  transcript: TranscriptLine[] = [],
  hidden: readonly string[] = channel.secrets ?? [],
): ChannelPorts {
  const { clock, random, log, memory } = ports
  return {
    http: limitedHttp(ports, channel, transcript),
    clock,
    random,
    cache: memoryCache(memory, clock, `${channel.manifest.id}:${scope}`),
    log: redactedLog(log, hidden),
  }
}

function limitedHttp(
  { http, clock }: Core['ports'],
  channel: BoundChannel,
  transcript: TranscriptLine[],
): ChannelHttp {
  const hosts = new Set([...channel.manifest.hosts, ...channel.extraHosts])
  return {
    async send(request) {
      const { method, timeoutMs } = request
      const url = URL.parse(request.url)
      if (url === null || !hosts.has(url.host)) {
        return {
          kind: 'not_sent',
          reason: `${channel.manifest.id} may not call ${url?.host ?? 'an unreadable URL'}`,
        }
      }
      const startedAtMs = clock.now()
      // Stands in the transcript before the call: whoever throws meanwhile may have sent something.
      const line = { call: `${method} ${url.host}${url.pathname}`, result: 'no answer', ms: 0 }
      transcript.push(line)
      const answer = await http.send({
        method,
        url: request.url,
        headers: request.headers,
        ...(request.body !== undefined && { body: request.body }),
        timeoutMs,
        maxAnswerBytes: request.maxAnswerBytes ?? MAX_ANSWER_BYTES,
      })
      line.ms = clock.now() - startedAtMs
      line.result = resultOf(answer)
      return answer
    },
  }
}

function resultOf(answer: HttpAnswer): string {
  switch (answer.kind) {
    case 'answered':
      return `${answer.status}, ${answer.body.length} bytes`
    case 'not_sent':
      return `not sent: ${answer.reason}`
    case 'unknown':
      return `unknown: ${answer.evidence}`
  }
}

function memoryCache(memory: Memory, clock: Clock, scope: string): ChannelCache {
  return {
    async get(key) {
      const kept = memory.get(`cache:${scope}:${key}`) as
        | { readonly value: string; readonly untilMs: number }
        | undefined
      return kept !== undefined && kept.untilMs > clock.now() ? kept.value : undefined
    },
    async put(key, value, ttlMs) {
      memory.set(`cache:${scope}:${key}`, { value, untilMs: clock.now() + ttlMs })
    },
  }
}
