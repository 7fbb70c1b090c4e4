import * as z from 'zod'
import {
  type ChannelPorts,
  type Operation,
  ok,
  type ReceiverInput,
  type ReceiverOutcome,
  type Result,
  refuse,
  type SplitReceiver,
} from '../../core/plugin/api.ts'
import { type Answer, CALL_TIMEOUT_MS, callWechat } from './call.ts'
import type { WechatConfig } from './config.ts'
import { cutTo } from './cut-text.ts'
import { outcomeOf } from './endings.ts'
import { misfitOf } from './misfit.ts'
import { receiverType, sharer } from './mode.ts'
import { BIND_ENDINGS, UNBIND_ENDINGS } from './money-out-endings.ts'
import { openSealer } from './sensitive.ts'

/**
 * Lets somebody receive shares. Repeatable: one that was added before stays as it was.
 *
 * @see WeChat Pay APIv3 "profit sharing: add a receiver" (reference §12)
 */
export const bindReceiver: Operation<WechatConfig, ReceiverInput, ReceiverOutcome> = async (
  ports,
  config,
  { receiver },
) => {
  const relation = relationOf(receiver)
  if (!relation.ok) return { kind: 'not_sent', reason: relation.refusal }
  const named = await sealNames(ports, config, [receiver])
  if (!named.ok) return { kind: 'not_sent', reason: named.refusal }
  const { names, keyId } = named.value
  const answer = await callWechat(ports, config, {
    method: 'POST',
    path: '/v3/profitsharing/receivers/add',
    body: { ...sharer(config), ...idsOf(config, receiver), ...names[0], ...relation.value },
    ...keyId,
    timeoutMs: CALL_TIMEOUT_MS,
  })
  return answer.kind === 'error' ? outcomeOf(BIND_ENDINGS, answer) : done(answer, receiver)
}

/** @see WeChat Pay APIv3 "profit sharing: delete a receiver" (reference §12) */
export const unbindReceiver: Operation<WechatConfig, ReceiverInput, ReceiverOutcome> = async (
  ports,
  config,
  { receiver },
) => {
  const answer = await callWechat(ports, config, {
    method: 'POST',
    path: '/v3/profitsharing/receivers/delete',
    body: { ...sharer(config), ...idsOf(config, receiver) },
    timeoutMs: CALL_TIMEOUT_MS,
  })
  return answer.kind === 'error' ? outcomeOf(UNBIND_ENDINGS, answer) : done(answer, receiver)
}

/** How WeChat tells one receiver from another. */
export function idsOf(
  config: WechatConfig,
  { kind, account }: Pick<SplitReceiver, 'kind' | 'account'>,
) {
  return { type: receiverType(config, kind), account }
}

/** The names of receivers for a body, in the same order; and the key, when there are any. */
export async function sealNames(
  ports: ChannelPorts,
  config: WechatConfig,
  receivers: readonly SplitReceiver[],
): Promise<
  Result<{ readonly names: readonly object[]; readonly keyId: { readonly keyId?: string } }, string>
> {
  const given = receivers.map(({ name }) => name || undefined)
  if (given.every((name) => name === undefined)) return ok({ names: [], keyId: {} })
  const sealer = await openSealer(ports, config)
  if (!sealer.ok) return sealer
  const names: object[] = []
  for (const text of given) {
    const name = text === undefined ? undefined : await sealer.value.seal(text)
    if (name?.ok === false) return name
    names.push(name === undefined ? {} : { name: name.value })
  }
  return ok({ names, keyId: { keyId: sealer.value.keyId } })
}

const RELATIONS = [
  ...['SERVICE_PROVIDER', 'STORE', 'STAFF', 'STORE_OWNER', 'PARTNER', 'HEADQUARTER', 'BRAND'],
  ...['DISTRIBUTOR', 'USER', 'SUPPLIER'],
]
const RELATION_CHARACTERS = 10

function relationOf({ relation, relationName }: SplitReceiver): Result<object, string> {
  if (RELATIONS.includes(relation)) return ok({ relation_type: relation })
  if (!relationName) return refuse('a relation that WeChat Pay has no word for needs a name')
  const custom_relation = cutTo(relationName, RELATION_CHARACTERS)
  return ok({ relation_type: 'CUSTOM', custom_relation })
}

function done(
  answer: Exclude<Answer, { kind: 'error' }>,
  { account }: SplitReceiver,
): ReceiverOutcome {
  if (answer.kind !== 'verified') return answer
  const echo = echoSchema.safeParse(answer.body)
  if (!echo.success) return { kind: 'unknown', evidence: `answered, but ${misfitOf(echo.error)}` }
  if (echo.data.account === account) return { kind: 'done' }
  return { kind: 'unknown', evidence: 'answered about another receiver' }
}

const echoSchema = z.object({ account: z.string() })
