import { and, eq, isNull, type SQL, sql } from 'drizzle-orm'
import type { Core } from '../core.ts'
import type { MerchantNo } from '../ids.ts'
import type { PlacesOf } from '../store/built-once.ts'
import { idempotency } from '../store/schema.ts'
import type { Store } from '../store/store.ts'

export type Scope = typeof idempotency.$inferSelect.scope

/** Under which number a merchant asked for something. */
export interface RequestKey {
  readonly merchantNo: MerchantNo
  readonly scope: Scope
  readonly key: string
}

export function whereKey({ merchantNo, scope, key }: RequestKey | PlacesOf<RequestKey>) {
  return and(
    eq(idempotency.merchantNo, merchantNo),
    eq(idempotency.scope, scope),
    eq(idempotency.key, key),
  )
}

/** True where no request of this number was taken before. */
export function isNewKey(key: RequestKey) {
  return sql`not exists (select 1 from ${idempotency} where ${whereKey(key)})`
}

/** Keeps the first answer: what an identical request gets from now on. */
export function keepAnswer(store: Store, key: RequestKey, answer: unknown, condition?: SQL) {
  return store.write
    .update(idempotency)
    .set({ answer: JSON.stringify(answer) })
    .where(and(whereKey(key), isNull(idempotency.answer), condition))
}

const FIRST_WAIT_MS = 40
const LONGEST_WAIT_MS = 2_000

/**
 * Looks again and again, ever more slowly, at a request that another runner is working on.
 *
 * @param look reads what there is; `undefined` means that the other runner is still at it
 * @returns what was seen, or nothing when `untilMs` came first
 */
export async function waitForOther<Seen>(
  { ports }: Core,
  untilMs: number,
  look: () => Promise<Seen | undefined>,
): Promise<Seen | undefined> {
  for (let waitMs = FIRST_WAIT_MS; ports.clock.now() < untilMs; waitMs *= 2) {
    await ports.clock.sleep(Math.min(waitMs, LONGEST_WAIT_MS))
    const seen = await look()
    if (seen !== undefined) return seen
  }
  return undefined
}
