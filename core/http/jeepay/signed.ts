import * as z from 'zod'
import type { Core } from '../../core.ts'
import type { AppId } from '../../ids.ts'
import { takeOne } from '../../limits/limit.ts'
import { secretsInForce } from '../../merchant/secrets.ts'
import { count } from '../../observability/meter.ts'
import { DatabaseError } from '../../ports.ts'
import { ok, type Result, refuse } from '../../result.ts'
import { type AppEntry, findApp, forgetApp, isOutOfDate } from '../../routing/directory.ts'
import { verifyJeepay } from '../../signing/jeepay.ts'
import type { Milliseconds } from '../../time.ts'
import {
  failureAnswer,
  type JeepayData,
  type JeepayFailure,
  successAnswer,
  tooManyRequests,
} from './envelope.ts'
import { required } from './fields.ts'
import { type Parameters, readParameters } from './parameters.ts'
import { replayProblem, type SignedOnce } from './replay.ts'

/** Fields that every signed request has. Values of `reqTime` and `version` are not judged. */
const commonFields = z.object({
  version: required('版本号不能为空', 10, 'version'),
  signType: required('签名类型不能为空', 10, 'signType'),
  sign: required('签名值不能为空', 1024, 'sign'),
  reqTime: required('时间戳不能为空', 32, 'reqTime'),
  mchNo: required('商户号不能为空', 64, 'mchNo'),
  appId: required('商户应用ID不能为空', 64, 'appId'),
})

export interface Caller {
  readonly app: AppEntry
  readonly request: Request
}

/** `stale_app` asks for the app to be looked up anew, and for the request to be judged again. */
export type Handled<Value = JeepayData> = Result<Value, JeepayFailure | 'stale_app'>

export interface SignedRoute<Schema extends z.ZodObject, Value = JeepayData> {
  /** The route's own fields. Others are not acted on. Made once: zod compiles what it is made of. */
  readonly fields: Schema
  handle(core: Core, caller: Caller, fields: z.output<Schema>): Promise<Handled<Value>>
}

export const refusal = (msg: string): JeepayFailure => ({ code: 9999, msg })

/** How often configuration may change while one request is looked at. */
const MAX_LOOKUPS = 4

/** Serves a route: reads, checks fields and sign, has it handled, and answers in the envelope. */
export function serveSigned<Schema extends z.ZodObject>(
  core: Core,
  request: Request,
  route: SignedRoute<Schema>,
): Promise<Response> {
  return serve(core, request, route, successAnswer)
}

/** The same for a route that sends a browser on. */
export function serveSignedRedirect<Schema extends z.ZodObject>(
  core: Core,
  request: Request,
  route: SignedRoute<Schema, { readonly location: string }>,
): Promise<Response> {
  return serve(
    core,
    request,
    route,
    ({ location }) => new Response(null, { status: 302, headers: { location } }),
  )
}

async function serve<Schema extends z.ZodObject, Value>(
  core: Core,
  request: Request,
  route: SignedRoute<Schema, Value>,
  answer: (value: Value, secret: string) => Response,
): Promise<Response> {
  try {
    const result = await handleSigned(core, request, route)
    return result.ok
      ? answer(result.value.data, result.value.secret)
      : failureAnswer(result.refusal)
  } catch (error) {
    return failureAnswer(unexpected(core, error))
  }
}

/** One opaque answer and one log line. 200: the Java SDK repeats a request on any 5xx. */
function unexpected(core: Core, error: unknown): JeepayFailure {
  const reason = error instanceof Error ? `${error.name}: ${error.message}` : 'unknown'
  core.ports.log.write('error', 'a merchant request failed', { reason })
  return error instanceof DatabaseError
    ? { code: 12, msg: '数据库服务异常' }
    : { code: 10, msg: '系统异常' }
}

async function handleSigned<Schema extends z.ZodObject, Value>(
  core: Core,
  request: Request,
  route: SignedRoute<Schema, Value>,
): Promise<Result<{ readonly data: Value; readonly secret: string }, JeepayFailure>> {
  const parameters = await readParameters(request)
  if (!parameters.ok) return parameters
  const given = Object.fromEntries(parameters.value)
  const common = commonFields.safeParse(given)
  if (!common.success) return refuse(firstProblem(common.error))
  const own = route.fields.safeParse(given)
  if (!own.success) return refuse(firstProblem(own.error))

  const known = [...Object.keys(commonFields.shape), ...Object.keys(route.fields.shape)]
  const turn: Turn = { isCounted: false, passedWindowMs: null }
  for (let lookups = 0; lookups < MAX_LOOKUPS; lookups++) {
    const app = await findApp(core, common.data.appId as AppId)
    // One answer for all that does not exist: numbers are not to be found by trying.
    if (app === undefined) return refuse(refusal('商户或商户应用不存在'))
    const nowMs = core.ports.clock.now()
    const judged = judgeCaller(app, common.data, parameters.value, known, nowMs)
    const turnedAway = judged.ok ? await turnAway(core, app, common.data, turn) : undefined
    if (turnedAway !== undefined) {
      // The window may have been taken away since the app was remembered.
      const isOverLimit = turnedAway.status === 429
      if (isOverLimit || !(await isOutOfDate(core, app))) return refuse(turnedAway)
    } else if (judged.ok) {
      const handled = await route.handle(core, { app, request }, own.data)
      if (handled.ok) return ok({ data: handled.value, secret: judged.value })
      if (handled.refusal !== 'stale_app') return refuse(handled.refusal)
    } else if (!(await isOutOfDate(core, app))) {
      const { appId } = app
      const problem = judged.refusal
      if (problem === WRONG_SIGN) {
        count(core, 'tongbao_verification_failures_total', { channel: '', on: 'request' })
      }
      core.ports.log.write('warn', 'a merchant request was refused', { appId, problem })
      return refuse(refusal(problem))
    }
    forgetApp(core, app.appId)
  }
  return refuse({ code: 10, msg: '系统异常' })
}

function firstProblem(error: z.ZodError): JeepayFailure {
  const msg = error.issues[0]?.message ?? '参数有误'
  return { code: msg.startsWith('参数有误[') ? 11 : 9999, msg }
}

/** What a request has been counted against, so that a second look at it does not count twice. */
interface Turn {
  isCounted: boolean
  passedWindowMs: number | null
}

/** Why a caller who is who they say is not served now. Behind the sign: nobody uses up another's turns. */
async function turnAway(
  core: Core,
  app: AppEntry,
  signed: SignedOnce,
  turn: Turn,
): Promise<JeepayFailure | undefined> {
  if (!turn.isCounted) {
    const taken = await takeOne(core, 'app', app.appId)
    if (!taken.within) return tooManyRequests(taken.retryAfterMs)
    turn.isCounted = true
  }
  if (turn.passedWindowMs === app.replayWindowMs) return undefined
  const problem = await replayProblem(core, app, signed)
  if (problem === undefined) turn.passedWindowMs = app.replayWindowMs
  return problem === undefined ? undefined : refusal(problem)
}

const WRONG_SIGN = '验签失败'

/**
 * Whether a caller is who they say, and may call. Judged by what is remembered of the app.
 *
 * @returns the secret that they signed with, which the answer is signed with too: while an app's
 *   secret is rotated two of them are good
 */
function judgeCaller(
  app: AppEntry,
  common: { readonly mchNo: string; readonly sign: string },
  parameters: Parameters,
  known: readonly string[],
  nowMs: Milliseconds,
): Result<string, string> {
  if (app.merchantNo !== common.mchNo) return refuse('参数appId与商户号不匹配')
  const secret = secretsInForce(app.secrets, nowMs).find((each) =>
    isSigned(each, parameters, common.sign, known),
  )
  if (secret === undefined) return refuse(WRONG_SIGN)
  if (!app.merchantActive) return refuse('商户信息不存在或商户状态不可用')
  if (!app.appActive) return refuse('商户应用不存在或应用状态不可用')
  return ok(secret)
}

/**
 * Over all that was received, which covers clients that sign fields we don't know; or else, as
 * JeePay does it, over the route's known fields in the form that JeePay's types give them.
 */
function isSigned(
  secret: string,
  parameters: Parameters,
  sign: string,
  known: readonly string[],
): boolean {
  if (verifyJeepay(parameters, secret, sign)) return true
  const bound = known.flatMap((name) => {
    const value = parameters.get(name)
    return value === undefined ? [] : [[name, NUMBERS.has(name) ? asNumber(value) : value] as const]
  })
  return verifyJeepay(bound, secret, sign)
}

/** Fields that JeePay binds to a number before it signs them: `007` is `7`. */
const NUMBERS: ReadonlySet<string> = new Set([
  'amount',
  'refundAmount',
  'expiredTime',
  'divisionMode',
  'receiverGroupId',
  'accType',
  'useSysAutoDivisionReceivers',
])

function asNumber(text: string): string {
  return /^[+-]?\d+$/.test(text) ? BigInt(text.replace('+', '')).toString() : text
}
