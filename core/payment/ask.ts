import type { Core } from '../core.ts'
import type { PaymentFact, QueryOutcome } from '../plugin/api.ts'
import { type Ran, runOperation } from '../plugin/host.ts'
import { bindChannel } from '../routing/directory.ts'
import type { FactSource } from '../store/schema.ts'
import { applyFact } from './apply.ts'
import { callOf, type PaymentCase, type PaymentRow, pinnedConfig } from './case.ts'

export interface Asked {
  readonly outcome: QueryOutcome
  readonly payment: PaymentRow
}

/**
 * Asks the channel how an attempt stands, under the settings that it pinned, and merges what is
 * heard. Safe at any time and any number of times: a query moves no money.
 */
export async function askChannel(
  core: Core,
  kase: PaymentCase,
  source: FactSource,
): Promise<Asked> {
  const { attempt, payment } = kase
  const channel = await bindChannel(core, pinnedConfig(kase))
  const ran = await runOperation(
    core,
    channel,
    { operation: 'query', ...callOf(attempt) },
    (ports) =>
      channel.query(ports, {
        attemptId: attempt.attemptId,
        way: attempt.way,
        ...(payment.channelPaymentNo !== null && { channelPaymentNo: payment.channelPaymentNo }),
      }),
  )
  const fact = factOf(kase, ran)
  if (fact === undefined) return { outcome: ran.outcome, payment }
  const told = { fact, source, transcript: ran.transcript }
  return { outcome: ran.outcome, payment: await applyFact(core, kase, told) }
}

/** `not_found` is no fact by itself: the channel may not have it yet. */
function factOf({ attempt }: PaymentCase, { outcome }: Ran<QueryOutcome>): PaymentFact | undefined {
  const about = { about: 'payment', attemptId: attempt.attemptId } as const
  switch (outcome.kind) {
    case 'succeeded':
      return { ...about, ...outcome }
    case 'failed':
      return { ...about, kind: 'failed', error: outcome.error }
    case 'pending':
      return { ...about, kind: 'pending' }
    case 'closed':
      return { ...about, ...outcome }
    case 'not_found':
    case 'not_sent':
    case 'unknown':
      return undefined
  }
}
