import * as z from 'zod'
import {
  type Callback,
  type CallbackAnswer,
  type CallbackRejection,
  ok,
  type Result,
  refuse,
} from '../../core/plugin/api.ts'
import type { WechatConfig } from './config.ts'
import { parseJson } from './json.ts'
import { findKey } from './keys.ts'
import { misfitOf } from './misfit.ts'
import { open, sealedSchema } from './sealed.ts'
import { aboutOf, READERS } from './told.ts'
import { verify } from './verify.ts'

/** A callback that WeChat signed, decrypted. */
export interface Told {
  readonly eventId: string
  /** What a reader stands under below, or what belongs to a product that this plugin does not do. */
  readonly about: string
  readonly contents: unknown
}

/**
 * What WeChat tells by itself: that a payment succeeded, how a refund or a transfer went, and, to
 * whoever receives one, that a share arrived. Of payments that fail or are closed it tells nothing.
 *
 * @see WeChat Pay APIv3 "payment, refund, transfer, profit sharing callback" (reference §10)
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
    const { id: eventId, resource } = envelope.data
    const opened = await open(config.apiV3Key, resource)
    if (!opened.ok) return refuse(SEAL_REJECTIONS[opened.refusal])
    const contents = parseJson(opened.value)
    return ok({ eventId, about: aboutOf(envelope.data, contents), contents })
  },

  parse(config, { eventId, about, contents }) {
    const read = READERS.get(about)
    if (read === undefined) return ok({ dedupeKey: eventId, facts: [] })
    const fact = read(contents, config)
    if (!fact.ok) return malformed(fact.refusal)
    return ok({ dedupeKey: eventId, facts: fact.value === undefined ? [] : [fact.value] })
  },

  /**
   * WeChat takes 200 for "told" whatever the body, and tells again after any 4xx or 5xx. 400, since
   * it is the call that is wrong: anybody can send one, and a 5xx would look like trouble of ours.
   * Not 204: a `Response` with that status may not even have an empty body.
   */
  acknowledge: (accepted) => (accepted ? TOLD : TELL_AGAIN),
}

const envelopeSchema = z.object({
  id: z.string().min(1).max(128),
  event_type: z.string(),
  summary: z.string().default(''),
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
