import * as z from 'zod'
import {
  type Callback,
  type CallbackAnswer,
  type CallbackRejection,
  type Fact,
  ok,
  type Result,
  refuse,
} from '../../core/plugin/api.ts'
import type { WechatConfig } from './config.ts'
import { parseJson } from './json.ts'
import { findKey } from './keys.ts'
import { misfitOf } from './misfit.ts'
import { readToldRefund } from './refund-standing.ts'
import { open, sealedSchema } from './sealed.ts'
import { readTransaction } from './transaction.ts'
import { verify } from './verify.ts'

/** A callback that WeChat signed, decrypted. */
export interface Told {
  readonly eventId: string
  /** `transaction`, `refund`, or what belongs to a product that this plugin does not do. */
  readonly about: string
  readonly contents: unknown
}

/**
 * What WeChat tells by itself: that a payment succeeded, and how a refund went. Of payments that
 * fail or are closed it tells nothing.
 *
 * @see WeChat Pay APIv3 "payment callback", "refund callback" (reference §10)
 */
export const callback: Callback<WechatConfig, Told> = {
  async verify(ports, config, call) {
    const message = {
      header: (name: string) => call.headers[name],
      body: call.body,
      // Not the clock: a call that was stored may be verified later than it came.
      receivedAtMs: call.receivedAtMs,
    }
    const verified = await verify(message, (id) => findKey(ports, config, id))
    if (!verified.ok) return refuse({ code: 'unverifiable', reason: verified.refusal })

    const envelope = envelopeSchema.safeParse(parseJson(call.body))
    if (!envelope.success) return malformed(misfitOf(envelope.error))
    const { id: eventId, event_type, resource } = envelope.data
    const opened = await open(config.apiV3Key, resource)
    if (!opened.ok) return refuse(SEAL_REJECTIONS[opened.refusal])
    // Sharing callbacks may come as TRANSACTION.SUCCESS, so the type of the contents goes first.
    const about = resource.original_type ?? event_type.split('.')[0]?.toLowerCase() ?? ''
    return ok({ eventId, about, contents: parseJson(opened.value) })
  },

  parse(_config, { eventId, about, contents }) {
    const read = READERS.get(about)
    if (read === undefined) return ok({ dedupeKey: eventId, facts: [] })
    const fact = read(contents)
    return fact.ok ? ok({ dedupeKey: eventId, facts: [fact.value] }) : malformed(fact.refusal)
  },

  /**
   * WeChat takes 200 for "told" whatever the body, and tells again after any 4xx or 5xx. 400, since
   * it is the call that is wrong: anybody can send one, and a 5xx would look like trouble of ours.
   * Not 204: a `Response` with that status may not even have an empty body.
   */
  acknowledge: (accepted) => (accepted ? TOLD : TELL_AGAIN),
}

const READERS: ReadonlyMap<string, (contents: unknown) => Result<Fact, string>> = new Map([
  ['transaction', readPaymentFact],
  ['refund', readRefundFact],
])

function readPaymentFact(contents: unknown): Result<Fact, string> {
  const transaction = readTransaction(contents)
  if (!transaction.ok) return transaction
  const { attemptId, standing } = transaction.value
  return ok({ about: 'payment', attemptId, ...standing })
}

function readRefundFact(contents: unknown): Result<Fact, string> {
  const refund = readToldRefund(contents)
  if (!refund.ok) return refund
  const { refundId, payee, standing } = refund.value
  return ok({ about: 'refund', refundId, payee, ...standing })
}

const envelopeSchema = z.object({
  id: z.string().min(1).max(128),
  event_type: z.string(),
  resource: sealedSchema.extend({ original_type: z.string().optional() }),
})

const SEAL_REJECTIONS = {
  shape: { code: 'malformed', reason: 'its contents are not sealed as they should be' },
  // WeChat signed it, so the APIv3 key of the settings is not the one that WeChat has.
  key: { code: 'unverifiable', reason: 'its contents do not open with the APIv3 key' },
} as const satisfies Record<string, CallbackRejection>

function malformed(reason: string): Result<never, CallbackRejection> {
  return refuse({ code: 'malformed', reason })
}

const TOLD: CallbackAnswer = answer(200, { code: 'SUCCESS', message: '成功' })
const TELL_AGAIN: CallbackAnswer = answer(400, { code: 'FAIL', message: '失败' })

function answer(status: number, body: object): CallbackAnswer {
  return {
    status,
    headers: { 'Content-Type': 'application/json; charset=utf-8' },
    body: JSON.stringify(body),
  }
}
