import type { AnswerFault, Broken } from '../../../../core/plugin/simulator.ts'
import type { Spoiling } from '../crypto/signer.ts'
import { strike } from '../faults.ts'
import type { Method } from '../methods.ts'
import type { Alipay } from '../settings.ts'
import { htmlAnswer, truncated } from './answers.ts'
import type { Call } from './call.ts'
import { type Reply, refusal } from './refusals.ts'

/** Writes a reply as the protocol has it in which the call came. */
export type Write = (reply: Reply, spoiling: Spoiling) => Promise<Response>

/** Carries a call out and answers it, unless a fault strikes before, instead or after. */
export async function carryOut(
  alipay: Alipay,
  method: Method,
  call: Call,
  write: Write,
): Promise<Response | Broken> {
  const handled = () => answerOf(alipay, method, call)
  const able = method.notFound === undefined ? ON_ANY : ON_QUERIES
  const struck = method.operation && (await strike(alipay, method.operation, able))
  switch (struck?.fault) {
    case undefined:
      return write(await handled(), 'sound')
    case 'silence_before':
      return 'silence'
    case 'reset_before':
      return 'reset'
    case 'error_before':
      return write(systemError(alipay, method), 'sound')
    case 'html_before':
      return htmlAnswer()
    case 'rate_limited':
      return write(refusal('isv.app-call-limited'), 'sound')
    case 'not_found':
      return write(method.notFound ?? refusal('ACQ.TRADE_NOT_EXIST'), 'sound')
    case 'silence_after':
      await handled()
      return 'silence'
    case 'reset_after':
      await handled()
      return 'reset'
    case 'error_after':
      await handled()
      return write(systemError(alipay, method), 'sound')
    case 'bad_signature':
      return write(await handled(), 'spoilt')
    case 'truncated':
      return truncated(await write(await handled(), 'sound'))
  }
}

async function answerOf(alipay: Alipay, method: Method, call: Call): Promise<Reply> {
  if (method.certificateOnly === true && call.app.signing.mode === 'key') {
    return refusal('isv.missing-app-cert-sn')
  }
  return method.handle(alipay, call)
}

function systemError({ settings }: Alipay, method: Method): Reply {
  return refusal(settings.systemError === 'gateway' ? 'isp.unknow-error' : method.systemError)
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
