import { eq } from 'drizzle-orm'
import type { Core } from '../core.ts'
import { type InboundCallId, newInboundCallId } from '../ids.ts'
import { count } from '../observability/meter.ts'
import { about } from '../observability/traced.ts'
import type {
  BoundChannel,
  CallbackAnswer,
  CallbackFacts,
  CallbackRejection,
  InboundCall,
} from '../plugin/api.ts'
import { channelPorts } from '../plugin/host.ts'
import type { Result } from '../result.ts'
import { bindChannel } from '../routing/directory.ts'
import { inboundCalls } from '../store/schema.ts'
import { askSoon, configsOf, type Known, storeCall } from './known.ts'
import { mergeInto, type Subject, subjectOf } from './subjects.ts'

/** What the route of a callback names, without trusting a byte of the body. */
export interface CallbackRoute {
  readonly channel: string
  readonly about: 'payment' | 'refund' | 'transfer' | 'account'
  /** Our number for the channel, of the attempt, refund or transfer; or the account's. */
  readonly reference: string
}

export type Received =
  | { readonly kind: 'answered'; readonly answer: CallbackAnswer }
  | { readonly kind: 'unknown_reference' }
  | { readonly kind: 'unknown_channel' }

/** How soon the channel is asked after a call that could not be verified. */
const ASK_AFTER_MS = 5_000

/**
 * Takes a channel's callback: store it raw, verify it with the keys that the route names, read its
 * facts, merge them, acknowledge. Two round trips to the database for the usual one fact.
 *
 * What does not verify changes nothing. What cannot be stored is not acknowledged, so the channel
 * tells us again.
 */
export async function receiveCallback(
  anyCore: Core,
  route: CallbackRoute,
  call: InboundCall,
): Promise<Received> {
  if (!anyCore.channels.has(route.channel)) return { kind: 'unknown_channel' }
  const { channel: from, reference } = route
  const core = about(anyCore, { channel: from, reference })
  const inboundCallId = newInboundCallId(core.ports)
  const known = await storeCall(core, route, call, inboundCallId)
  if (known === undefined) return { kind: 'unknown_reference' }

  const { channel, read } = await readUnderAny(core, known, call)
  if (!read.ok) {
    await reject(core, route, known, inboundCallId, read.refusal)
    return answer(channel, false)
  }
  const subjects: Subject[] = []
  for (const fact of read.value.facts) {
    const subject = await subjectOf(core, known, fact)
    if (subject === undefined) {
      const reason = `it is about another ${fact.about}`
      await reject(core, route, known, inboundCallId, { code: 'mismatched', reason })
      return answer(channel, false)
    }
    subjects.push(subject)
  }
  await accept(core, subjects, read.value, inboundCallId)
  count(core, 'tongbao_callbacks_total', { channel: route.channel, verdict: 'accepted' })
  return answer(channel, true)
}

/** Under the settings that the subject pinned; for an account under each that is in use. */
async function readUnderAny(
  core: Core,
  known: Known,
  call: InboundCall,
): Promise<{ channel: BoundChannel; read: Result<CallbackFacts, CallbackRejection> }> {
  let last: { channel: BoundChannel; read: Result<CallbackFacts, CallbackRejection> } | undefined
  for (const pinned of configsOf(known)) {
    const channel = await bindChannel(core, pinned)
    const ports = channelPorts(core, channel, pinned.accountId)
    const read = await channel.readCallback(ports, call)
    last = { channel, read }
    if (read.ok) break
  }
  if (last === undefined) throw new Error('a call that was stored has settings to read it with')
  return last
}

function answer(channel: BoundChannel, accepted: boolean): Received {
  return { kind: 'answered', answer: channel.acknowledge(accepted) }
}

async function accept(
  core: Core,
  subjects: readonly Subject[],
  { dedupeKey }: CallbackFacts,
  inboundCallId: InboundCallId,
): Promise<void> {
  const accepted = () => [verdict(core, inboundCallId, 'accepted', dedupeKey)]
  for (const subject of subjects) await mergeInto(core, subject, accepted)
  if (subjects.length === 0) {
    await core.store.write.batch([verdict(core, inboundCallId, 'accepted', dedupeKey)])
  }
}

/**
 * Keeps the verdict and nothing else. Whoever sent it knows an address of ours, and perhaps we lack
 * a key: the channel is asked about it soon.
 */
async function reject(
  core: Core,
  { channel }: CallbackRoute,
  known: Known,
  inboundCallId: InboundCallId,
  { code, reason }: CallbackRejection | { readonly code: 'mismatched'; readonly reason: string },
): Promise<void> {
  const soonMs = core.ports.clock.now() + ASK_AFTER_MS
  await core.store.write.batch([
    verdict(core, inboundCallId, code),
    ...askSoon(core, known, soonMs),
  ])
  if (code === 'unverifiable') {
    count(core, 'tongbao_verification_failures_total', { channel, on: 'callback' })
  }
  count(core, 'tongbao_callbacks_total', { channel, verdict: code })
  core.ports.log.write('warn', 'a callback was refused', { inboundCallId, code, reason })
}

function verdict(
  { store }: Core,
  inboundCallId: InboundCallId,
  code: NonNullable<(typeof inboundCalls.$inferSelect)['verdict']>,
  dedupeKey?: string,
) {
  return store.write
    .update(inboundCalls)
    .set({ verdict: code, ...(dedupeKey !== undefined && { dedupeKey }) })
    .where(eq(inboundCalls.inboundCallId, inboundCallId))
}
