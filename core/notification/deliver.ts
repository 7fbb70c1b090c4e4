import { and, eq, isNull, lte, or, sql } from 'drizzle-orm'
import type { Core } from '../core.ts'
import { notificationForm } from '../http/jeepay/notification.ts'
import type { NotificationId } from '../ids.ts'
import { openAppSecrets, SECRET_COLUMNS, secretForTry } from '../merchant/secrets.ts'
import { count } from '../observability/meter.ts'
import type { HttpAnswer } from '../ports.ts'
import { apps, deliveries, outbox } from '../store/schema.ts'
import { insertWhere, previousChangedOne } from '../store/store.ts'
import { addressProblem } from './address.ts'
import { nextTryAt } from './schedule.ts'

const TIMEOUT_MS = 10_000
/** Longer than a try may take: a runner that died holds a notification up for no longer. */
const TRY_LEASE_MS = 20_000
const MAX_ANSWER_BYTES = 1_024
const KEPT_ANSWER_CHARACTERS = 200

type OutboxRow = typeof outbox.$inferSelect

/**
 * Tries once to tell a merchant, if it is time for it and nobody else is trying. The try is counted
 * before it is made, so a crash can make a merchant hear something twice, never not at all.
 *
 * @returns whether a try was made
 */
export async function deliver(core: Core, notificationId: NotificationId): Promise<boolean> {
  const claimed = await claim(core, notificationId)
  if (claimed === undefined) return false
  const result = await send(core, claimed.notification, claimed.secret)
  await record(core, claimed.notification, result)
  return true
}

async function claim(core: Core, notificationId: NotificationId) {
  const { ports, store } = core
  const db = store.write
  const nowMs = ports.clock.now()
  const [, , claimed] = await db.batch([
    db
      .update(outbox)
      .set({ tries: sql`${outbox.tries} + 1`, tryLeaseUntilMs: nowMs + TRY_LEASE_MS })
      .where(
        and(
          eq(outbox.notificationId, notificationId),
          eq(outbox.state, 'waiting'),
          lte(outbox.nextTryAtMs, nowMs),
          or(isNull(outbox.tryLeaseUntilMs), lte(outbox.tryLeaseUntilMs, nowMs)),
        ),
      ),
    db.run(
      insertWhere(
        deliveries,
        { notificationId, number: sql`${outbox.tries}`, startedAtMs: nowMs },
        sql`${previousChangedOne} and ${outbox.notificationId} = ${notificationId}`,
        sql`${outbox}`,
      ),
    ),
    db
      .select({ notification: outbox, sealed: SECRET_COLUMNS })
      .from(outbox)
      .innerJoin(apps, eq(apps.appId, outbox.appId))
      // Only if this batch made the try.
      .where(and(eq(outbox.notificationId, notificationId), previousChangedOne)),
  ])
  const row = claimed[0]
  if (row === undefined) return undefined
  const { notification, sealed } = row
  const secrets = await openAppSecrets(core, notification.appId, sealed)
  return { notification, secret: secretForTry(secrets, notification.tries, nowMs) }
}

type TryResult = Readonly<
  Pick<typeof deliveries.$inferSelect, 'status' | 'answer' | 'problem'> & { accepted: boolean }
>

async function send(
  { ports, settings }: Core,
  notification: OutboxRow,
  secret: string,
): Promise<TryResult> {
  const problem = settings.allowsPrivateTargets ? undefined : addressProblem(notification.url)
  if (problem !== undefined) {
    return { accepted: false, status: null, answer: null, problem: `not sent: ${problem}` }
  }
  const answer = await ports.http.send({
    method: 'POST',
    url: notification.url,
    headers: {
      'content-type': 'application/x-www-form-urlencoded;charset=UTF-8',
      'user-agent': 'Tongbao/0.1',
    },
    body: notificationForm(notification, notification.createdAtMs, secret),
    timeoutMs: TIMEOUT_MS,
    maxAnswerBytes: MAX_ANSWER_BYTES,
    answerOverflow: 'cut',
  })
  return judge(answer)
}

/**
 * A merchant accepts with the word, whatever the status: JeePay looks at the body alone. Ours also
 * takes white space around it, which many frameworks add.
 */
function judge(answer: HttpAnswer): TryResult {
  switch (answer.kind) {
    case 'answered': {
      const text = new TextDecoder().decode(answer.body)
      const accepted = text.trim().toLowerCase() === 'success'
      const kept = text.slice(0, KEPT_ANSWER_CHARACTERS)
      return { accepted, status: answer.status, answer: kept, problem: null }
    }
    case 'not_sent':
      return { accepted: false, status: null, answer: null, problem: answer.reason }
    case 'unknown':
      return { accepted: false, status: null, answer: null, problem: answer.evidence }
  }
}

async function record(core: Core, notification: OutboxRow, result: TryResult): Promise<void> {
  const { ports, store } = core
  const { notificationId, tries } = notification
  const nowMs = ports.clock.now()
  const { accepted, status, answer, problem } = result
  await store.write.batch([
    store.write
      .update(outbox)
      .set(accepted ? delivered(nowMs) : failedOnce(core, tries, nowMs))
      // Told is told. A failure speaks for its own try only: a later one may be under way.
      .where(
        and(
          eq(outbox.notificationId, notificationId),
          eq(outbox.state, 'waiting'),
          accepted ? undefined : eq(outbox.tries, tries),
        ),
      ),
    store.write
      .update(deliveries)
      .set({ endedAtMs: nowMs, status, answer, problem })
      .where(and(eq(deliveries.notificationId, notificationId), eq(deliveries.number, tries))),
  ])
  count(core, 'tongbao_notifications_total', {
    attempt: tries > 6 ? '7 or more' : String(tries),
    outcome: accepted ? 'accepted' : status === null ? 'no_answer' : 'not_accepted',
  })
  ports.log.write(accepted ? 'info' : 'warn', 'notification tried', {
    notificationId,
    kind: notification.kind,
    tries,
    accepted,
    status,
    problem,
  })
}

function delivered(nowMs: number) {
  return { state: 'delivered', deliveredAtMs: nowMs, tryLeaseUntilMs: null } as const
}

function failedOnce({ ports }: Core, tries: number, nowMs: number) {
  const [byte = 0] = ports.random.bytes(1)
  const nextTryAtMs = nextTryAt(tries, nowMs, byte / 255)
  return nextTryAtMs === undefined
    ? ({ state: 'exhausted', tryLeaseUntilMs: null } as const)
    : { nextTryAtMs, tryLeaseUntilMs: null }
}
