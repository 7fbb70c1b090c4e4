import { and, eq, ne, sql } from 'drizzle-orm'
import type { Core } from '../core.ts'
import { notificationForm } from '../http/jeepay/notification.ts'
import type { NotificationId } from '../ids.ts'
import { openAppSecrets, secretForTry, secretsInForce } from '../merchant/secrets.ts'
import { count } from '../observability/meter.ts'
import { webhookHeaders } from '../signing/standard-webhooks.ts'
import { deliveries, outbox } from '../store/schema.ts'
import type { Milliseconds } from '../time.ts'
import { addressProblem } from './address.ts'
import { judgeAnswer, notCalled, type TryResult } from './answer.ts'
import { type ClaimedTry, claimTry } from './claim.ts'
import {
  closeBreaker,
  countFailure,
  type Endpoint,
  type EndpointKey,
  hurryPutOffAt,
  selectEndpoint,
} from './endpoint.ts'
import { GIVES_UP_AFTER_MS, nextTryAt } from './schedule.ts'
import { lastNumberOf } from './tries.ts'
import { setTimer } from './wake.ts'

const TIMEOUT_MS = 10_000
const MAX_ANSWER_BYTES = 1_024

/**
 * Tries once to tell a merchant, if it is time for it and nobody else is trying. The try is counted
 * before it is made, so a crash can make a merchant hear something twice, never not at all.
 *
 * @param number of the only try that is wanted; any when not given
 * @returns whether a try was made
 */
export async function deliver(
  core: Core,
  notificationId: NotificationId,
  number?: number,
): Promise<boolean> {
  const claimed = await claimTry(core, notificationId, number)
  if (claimed === undefined) return false
  const result = await send(core, claimed)
  await record(core, claimed, result)
  return true
}

async function send(core: Core, claimed: ClaimedTry): Promise<TryResult> {
  const { ports, settings } = core
  const { notification, sealed } = claimed
  const { notificationId, url, createdAtMs } = notification
  const problem = settings.allowsPrivateTargets ? undefined : addressProblem(url)
  if (problem !== undefined) return notCalled(problem)

  const secrets = await openAppSecrets(core, notification.appId, sealed).catch(() => undefined)
  // A mistake in the key ring: tried again by the schedule, so that it can be mended meanwhile.
  if (secrets === undefined) return notCalled('the app secret does not open')

  // Of the time it was written, so all tries say the same and have the same sign, as JeePay's do;
  // only while a secret is replaced do they take turns. The other signature can name them all.
  const nowMs = ports.clock.now()
  const secret = secretForTry(secrets, notification.tries, nowMs)
  const body = notificationForm(notification, createdAtMs, secret)
  const message = { id: notificationId, atMs: nowMs, body }
  const answer = await ports.http.send({
    method: 'POST',
    url,
    headers: {
      'content-type': 'application/x-www-form-urlencoded;charset=UTF-8',
      'user-agent': 'Tongbao/0.1',
      ...(await webhookHeaders(message, secretsInForce(secrets, nowMs))),
    },
    body,
    timeoutMs: TIMEOUT_MS,
    maxAnswerBytes: MAX_ANSWER_BYTES,
    answerOverflow: 'cut',
    ...(!settings.allowsPrivateTargets && { target: 'public' }),
  })
  return judgeAnswer(answer, ports.clock.now())
}

async function record(core: Core, claimed: ClaimedTry, result: TryResult): Promise<void> {
  const { ports, store } = core
  const { notification, number } = claimed
  const { notificationId } = notification
  const nowMs = ports.clock.now()
  const { kind, status, answer, problem } = result
  const accepted = kind === 'accepted'
  const key = endpointOf(notification)
  const [changed, , [before], , [after]] = await store.write.batch([
    store.write
      .update(outbox)
      .set(nextStanding(core, claimed, result, nowMs))
      // Told is told, even if it was given up meanwhile. A failure speaks for its own try only: a
      // later one may be under way.
      .where(
        and(
          eq(outbox.notificationId, notificationId),
          accepted ? ne(outbox.state, 'delivered') : eq(outbox.state, 'waiting'),
          accepted ? undefined : sql`${lastNumberOf(sql`${notificationId}`)} = ${number}`,
        ),
      )
      .returning({ state: outbox.state, nextTryAtMs: outbox.nextTryAtMs }),
    store.write
      .update(deliveries)
      .set({ endedAtMs: nowMs, status, answer, problem })
      .where(and(eq(deliveries.notificationId, notificationId), eq(deliveries.number, number))),
    // As it was before this very write: of many tries that fail at once, one opens the breaker.
    selectEndpoint(core, key),
    hurryPutOffAt(core, accepted ? key : { ...key, origin: NOWHERE }, nowMs),
    endpointStatement(core, key, result, nowMs),
  ])
  count(core, 'tongbao_notifications_total', {
    attempt: notification.tries > 6 ? '7 or more' : String(notification.tries),
    outcome: accepted ? 'accepted' : status === null ? 'no_answer' : 'not_accepted',
  })
  ports.log.write(accepted ? 'info' : 'warn', 'notification tried', {
    notificationId,
    kind: notification.kind,
    tries: number,
    accepted,
    status,
    problem,
  })
  const [standing] = changed
  if (standing?.state === 'waiting') {
    setTimer(core, { notificationId, number: number + 1, atMs: standing.nextTryAtMs })
  }
  if (standing?.state === 'exhausted') {
    ports.log.write('error', 'a notification is given up: an operator can replay it', {
      notificationId,
      appId: notification.appId,
      tries: number,
    })
  }
  reportEndpoint(core, before, after)
}

type Standing = Partial<typeof outbox.$inferInsert>

function nextStanding(
  { ports }: Core,
  { notification, firstTryAtMs }: ClaimedTry,
  result: TryResult,
  nowMs: Milliseconds,
): Standing {
  const free = { tryLeaseUntilMs: null }
  if (result.kind === 'accepted') return { ...free, state: 'delivered', deliveredAtMs: nowMs }
  const givenUp = { ...free, state: 'exhausted' } as const
  if (result.kind === 'gone') return givenUp
  const [byte = 0] = ports.random.bytes(1)
  const scheduledAtMs = nextTryAt(notification.tries, nowMs, byte / 255)
  if (scheduledAtMs === undefined) return givenUp
  const waitMs = result.kind === 'failed' ? result.waitMs : 0
  const nextTryAtMs = Math.max(scheduledAtMs, nowMs + waitMs)
  const isTooLate = nextTryAtMs > (firstTryAtMs ?? nowMs) + GIVES_UP_AFTER_MS
  return isTooLate ? givenUp : { ...free, nextTryAtMs }
}

/** No endpoint's origin. */
const NOWHERE = ''

function endpointOf({ appId, url }: ClaimedTry['notification']): EndpointKey {
  return { appId, origin: URL.parse(url)?.origin ?? url }
}

function endpointStatement(core: Core, key: EndpointKey, { kind }: TryResult, nowMs: Milliseconds) {
  switch (kind) {
    case 'accepted':
      return closeBreaker(core, key)
    case 'failed':
    case 'gone':
      return countFailure(core, key, nowMs, kind === 'gone')
    case 'not_called':
      // Nothing to say of it: closes what does not exist.
      return closeBreaker(core, { ...key, origin: NOWHERE })
  }
}

/** An operator is told when an endpoint begins to be tried less often or no more, and when it ends. */
function reportEndpoint(
  { ports: { log } }: Core,
  before: Endpoint | undefined,
  after: Endpoint | undefined,
): void {
  if (after === undefined) return
  const { appId, origin, failures, firstFailedAtMs } = after
  const fields = { appId, origin, failures, firstFailedAtMs }
  const wasOpen = (before?.openUntilMs ?? null) !== null
  const isOpen = after.openUntilMs !== null
  if (after.goneAtMs !== null && (before?.goneAtMs ?? null) === null) {
    log.write('error', 'an endpoint answered 410 and is told no more until it is reopened', fields)
  } else if (isOpen && !wasOpen) {
    log.write('error', 'an endpoint keeps failing and is tried less often', fields)
  } else if (wasOpen && !isOpen) {
    log.write('info', 'an endpoint that kept failing is back', fields)
  }
}
