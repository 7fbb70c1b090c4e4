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
import { assert, type Result } from '../result.ts'
import { bindChannel, type PinnedConfig } from '../routing/directory.ts'
import { inboundCalls } from '../store/schema.ts'
import { askSoon, configsOf, type Known, otherConfigsOf, storeCall } from './known.ts'
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

interface Reading {
  readonly channel: BoundChannel
  readonly read: Result<CallbackFacts, CallbackRejection>
}

/**
 * Under the settings that the subject pinned, and where those do not verify it, under the others of
 * its account: one more round trip, for calls that came after a change of keys, and for forged ones.
 */
async function readUnderAny(core: Core, known: Known, call: InboundCall): Promise<Reading> {
  const usual = await readUnder(core, configsOf(known), call)
  assert(usual !== undefined, 'a call that was stored has settings to read it with')
  if (usual.read.ok) return usual
  const other = await readUnder(core, await otherConfigsOf(core, known), call)
  return other?.read.ok ? other : usual
}

async function readUnder(
  core: Core,
  configs: readonly PinnedConfig[],
  call: InboundCall,
): Promise<Reading | undefined> {
  let last: Reading | undefined
  for (const pinned of configs) {
    const channel = await bindChannel(core, pinned)
    const ports = channelPorts(core, channel, pinned.accountId)
    last = { channel, read: await channel.readCallback(ports, call) }
    if (last.read.ok) break
  }
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
 * a key: the channel is asked about it soon, and what it answers is believed.
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
