import type { Broken, Json } from '../../../../core/plugin/simulator.ts'
import { isPage, servePage } from '../cashier/signed-order.ts'
import { type Method, methodOf } from '../methods.ts'
import type { App } from '../party/apps.ts'
import type { Alipay } from '../settings.ts'
import { answer, type Envelope } from './answers.ts'
import type { Call } from './call.ts'
import { carryOut } from './carrying-out.ts'
import { readCallContent } from './content.ts'
import { CALL_AGE_MS, letIn } from './let-in.ts'
import { type Parameters, readParameters } from './parameters.ts'
import { type Reply, refusal } from './refusals.ts'

/** `/gateway.do`, the one door of v2: for servers, and for browsers with a link of theirs. */
export async function serveGateway(alipay: Alipay, request: Request): Promise<Response | Broken> {
  const parameters = await readParameters(request)
  const { fields, charset } = parameters
  const { method: name = '' } = fields
  if (isPage(name)) return servePage(alipay, parameters)

  const method = methodOf(name)
  const common: Envelope = {
    node: 'error_response',
    charset,
    signType: 'RSA2',
    app: undefined,
    contentKey: undefined,
    spoiling: 'sound',
  }
  if (method === undefined) {
    const why = name === '' ? 'isv.missing-method' : 'isv.invalid-method'
    return answer(alipay, refusal(why), common)
  }
  const routed = { ...common, node: `${name.replaceAll('.', '_')}_response` }
  const caller = await letIn(alipay, parameters, CALL_AGE_MS)
  if (!caller.ok)
    return answer(alipay, caller.refusal.reply, { ...routed, app: caller.refusal.app })

  const { app, signType } = caller.value
  const known = { ...routed, app, signType }
  if (app.lacks.includes(name)) {
    return answer(alipay, refusal('isv.insufficient-isv-permissions'), known)
  }
  const content = await readCallContent(fields, app)
  if (!content.ok) return answer(alipay, content.refusal, known)

  const call: Call = {
    ...caller.value,
    charset,
    notifyUrl: fields.notify_url || null,
    returnUrl: fields.return_url || null,
    content: method.flat === undefined ? content.value : flatContent(parameters, method),
  }
  return carryOut(alipay, method, call, (reply, spoiling) =>
    answer(alipay, reply, {
      ...known,
      node: isOldError(reply) ? 'error_response' : known.node,
      spoiling,
      contentKey: contentKeyOf(app, parameters),
    }),
  )
}

function isOldError({ old, code }: Reply): boolean {
  return old === true && code !== '10000'
}

/** An encrypted call is answered encrypted. */
function contentKeyOf({ contentKey }: App, { fields }: Parameters): string | undefined {
  return fields.encrypt_type ? (contentKey ?? undefined) : undefined
}

function flatContent({ fields }: Parameters, { flat = [] }: Method): Json {
  return Object.fromEntries(
    flat.flatMap((name) => {
      const value = fields[name]
      return value === undefined ? [] : [[name, value]]
    }),
  )
}
