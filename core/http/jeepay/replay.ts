import { sql } from 'drizzle-orm'
import type { Core } from '../../core.ts'
import { count } from '../../observability/meter.ts'
import type { AppEntry } from '../../routing/directory.ts'
import { toHex } from '../../signing/hex.ts'
import { seenRequests } from '../../store/schema.ts'
import type { Milliseconds } from '../../time.ts'

export interface SignedOnce {
  readonly reqTime: string
  readonly sign: string
}

/**
 * For an app with a replay window: why a request that is signed well is not taken. Its `reqTime` has
 * to lie within the window, and within it each signature is good once. The same order signed anew is
 * another signature, and gets the same answer as before.
 *
 * A hurdle and no guarantee: who counts on an order having one effect counts on its number, which
 * holds without any window. A signature that was seen by a Redis which then went away passes again.
 *
 * @returns nothing when the request may go on
 * @see reference §4: seconds, milliseconds and microseconds are all seen in clients
 */
export async function replayProblem(
  core: Core,
  app: AppEntry,
  { reqTime, sign }: SignedOnce,
): Promise<string | undefined> {
  const { replayWindowMs } = app
  if (replayWindowMs === null) return undefined
  const signedAtMs = readTime(reqTime)
  if (signedAtMs === undefined) {
    return refused(core, 'unreadable', '参数有误：reqTime应为10位秒、13位毫秒或16位微秒时间戳')
  }
  if (Math.abs(core.ports.clock.now() - signedAtMs) > replayWindowMs) {
    return refused(core, 'outside_window', '请求已过期，请检查服务器时间并重新签名')
  }
  const isFirst = await keepOnce(core, await keyOf(app, sign), signedAtMs + replayWindowMs + 1_000)
  return isFirst ? undefined : refused(core, 'seen', '重复的请求，请重新签名后再发送')
}

function refused(core: Core, reason: string, msg: string): string {
  count(core, 'tongbao_replays_refused_total', { reason })
  return msg
}

const DIGITS_TO_MS: Readonly<Record<number, number>> = { 10: 1_000, 13: 1, 16: 0.001 }

export function readTime(text: string): Milliseconds | undefined {
  const factor = DIGITS_TO_MS[text.length]
  return factor === undefined || !/^\d+$/.test(text) ? undefined : Number(text) * factor
}

/** In one case: a sign is good in either. */
async function keyOf({ appId }: AppEntry, sign: string): Promise<string> {
  const bytes = new TextEncoder().encode(`${appId} ${sign.toUpperCase()}`)
  return toHex(new Uint8Array(await crypto.subtle.digest('SHA-256', bytes)))
}

async function keepOnce(core: Core, key: string, untilMs: Milliseconds): Promise<boolean> {
  const shared = await core.ports.shared?.keepOnce(`seen:${key}`, untilMs)
  return shared ?? keepInTable(core, key, untilMs)
}

const FORGOTTEN_AT_ONCE = 50

/** One round trip; drops some of what has expired along the way, so the table stays small. */
async function keepInTable(
  { store, ports }: Core,
  key: string,
  expiresAtMs: Milliseconds,
): Promise<boolean> {
  const db = store.write
  const nowMs = ports.clock.now()
  const [, inserted] = await db.batch([
    db.run(sql`delete from ${seenRequests} where key in (
      select key from ${seenRequests} where expires_at_ms < ${nowMs}
      order by expires_at_ms limit ${FORGOTTEN_AT_ONCE})`),
    db
      .insert(seenRequests)
      .values({ key, expiresAtMs: Math.ceil(expiresAtMs) })
      .onConflictDoNothing()
      .returning({ key: seenRequests.key }),
  ])
  return inserted.length === 1
}
