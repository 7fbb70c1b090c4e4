import type { AnswerFault, Broken, SimulatedOperation } from '../../../core/plugin/simulator.ts'
import { htmlAnswer, truncated } from './answers.ts'
import { strike } from './faults.ts'
import type { Wechat } from './settings.ts'

/** How answers of one kind go over the wire: APIv3's JSON, or APIv2's XML. */
export interface Wire<Answer> {
  send(answer: Answer): Promise<Response>
  /** The same with a signature that does not verify. */
  spoil(answer: Answer): Promise<Response>
  readonly systemError: Answer
  readonly rateLimited: Answer
  /** What a query says that does not know what it knows; only queries have it. */
  readonly notFound: Answer | undefined
}

/** Carries a call out and answers it, unless a fault strikes before, instead or after. */
export async function misbehaving<Answer>(
  wechat: Wechat,
  operation: SimulatedOperation | undefined,
  wire: Wire<Answer>,
  carryOut: () => Promise<Answer>,
): Promise<Response | Broken> {
  const { notFound } = wire
  const able = notFound === undefined ? ON_ANY : ON_QUERIES
  const struck = operation && (await strike(wechat, operation, able))
  switch (struck?.fault) {
    case undefined:
      return wire.send(await carryOut())
    case 'silence_before':
      return 'silence'
    case 'reset_before':
      return 'reset'
    case 'error_before':
      return wire.send(wire.systemError)
    case 'html_before':
      return htmlAnswer()
    case 'rate_limited':
      return wire.send(wire.rateLimited)
    case 'not_found':
      return wire.send(notFound ?? wire.systemError)
    case 'silence_after':
      await carryOut()
      return 'silence'
    case 'reset_after':
      await carryOut()
      return 'reset'
    case 'error_after':
      await carryOut()
      return wire.send(wire.systemError)
    case 'bad_signature':
      return wire.spoil(await carryOut())
    case 'truncated': {
      const whole = await wire.send(await carryOut())
      // A body of no bytes cannot end half way; what can is the answer before it.
      return whole.body === null ? 'reset' : truncated(whole)
    }
  }
}

const ON_ANY = [
  'silence_before',
  'silence_after',
  'reset_before',
  'reset_after',
  'error_before',
  'error_after',
  'html_before',
  'rate_limited',
  'bad_signature',
  'truncated',
] as const satisfies readonly AnswerFault[]

const ON_QUERIES: readonly AnswerFault[] = [...ON_ANY, 'not_found']
