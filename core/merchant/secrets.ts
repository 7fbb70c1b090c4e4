import { and, eq, isNotNull, sql } from 'drizzle-orm'
import type { Core } from '../core.ts'
import { type AppId, randomText } from '../ids.ts'
import { ok, type Result, refuse } from '../result.ts'
import { raiseConfigRevision } from '../routing/config-revision.ts'
import { openSealed, seal } from '../sealing/seal.ts'
import { apps } from '../store/schema.ts'
import type { Milliseconds } from '../time.ts'

/** An app's secret, and the one before it while a rotation lasts. */
export interface AppSecrets {
  readonly current: string
  /** Verifies beside the current one until its time. */
  readonly previous: { readonly secret: string; readonly untilMs: Milliseconds } | undefined
}

/** JeePay's own length, which merchants have reserved room for. */
const SECRET_LENGTH = 128

export function newAppSecret({ ports }: Core): string {
  return randomText(ports.random, SECRET_LENGTH)
}

/** The secrets that verify now, the current one first. */
export function secretsInForce(
  { current, previous }: AppSecrets,
  nowMs: Milliseconds,
): readonly [string, ...string[]] {
  const overlaps = previous !== undefined && nowMs < previous.untilMs
  return overlaps ? [current, previous.secret] : [current]
}

/**
 * The secret that signs one try of a notification. While a rotation lasts nobody knows which secret
 * a merchant has put in place: the current one signs the first try, and what is not accepted is
 * signed with the other one in turn.
 *
 * @param number of the try, from 1
 */
export function secretForTry(secrets: AppSecrets, number: number, nowMs: Milliseconds): string {
  const inForce = secretsInForce(secrets, nowMs)
  return inForce[(number - 1) % inForce.length] ?? secrets.current
}

export type SealedSecrets = Pick<
  typeof apps.$inferSelect,
  'secretSealed' | 'previousSecretSealed' | 'previousSecretUntilMs'
>

/** The columns of an app's secrets, for a select. */
export const SECRET_COLUMNS = {
  secretSealed: apps.secretSealed,
  previousSecretSealed: apps.previousSecretSealed,
  previousSecretUntilMs: apps.previousSecretUntilMs,
}

/**
 * Opens an app's secrets. One whose overlap has ended is not opened at all: its master key may be
 * gone by then.
 *
 * @throws when one does not open: an operator's matter
 */
export async function openAppSecrets(
  { ports }: Core,
  appId: AppId,
  sealed: SealedSecrets,
): Promise<AppSecrets> {
  const open = (text: string) => openSealed(ports.keyRing, `app/${appId}/secret`, text)
  const { secretSealed, previousSecretSealed, previousSecretUntilMs: untilMs } = sealed
  const current = await open(secretSealed)
  const overlaps = untilMs !== null && ports.clock.now() < untilMs
  if (previousSecretSealed === null || !overlaps) return { current, previous: undefined }
  return { current, previous: { secret: await open(previousSecretSealed), untilMs } }
}

export type RotationRefusal =
  | { readonly code: 'app_not_found' }
  /** A third secret would end the first one early. */
  | { readonly code: 'rotation_under_way'; readonly untilMs: Milliseconds }
  | { readonly code: 'rotated_meanwhile' }

/**
 * Gives an app a new secret. The old one verifies beside it until the given time; answers are signed
 * with the secret that the request was signed with, so a merchant changes over when it likes.
 *
 * @param untilMs when the old secret ends; now or earlier ends it at once
 * @returns the new secret, shown once
 */
export async function rotateAppSecret(
  core: Core,
  appId: AppId,
  untilMs: Milliseconds,
): Promise<Result<{ readonly appSecret: string }, RotationRefusal>> {
  const { ports, store } = core
  const nowMs = ports.clock.now()
  const [[app]] = await store.read.batch([
    store.read.select(SECRET_COLUMNS).from(apps).where(eq(apps.appId, appId)),
  ])
  if (app === undefined) return refuse({ code: 'app_not_found' })
  const { secretSealed, previousSecretUntilMs } = app
  if (previousSecretUntilMs !== null && nowMs < previousSecretUntilMs) {
    return refuse({ code: 'rotation_under_way', untilMs: previousSecretUntilMs })
  }

  const appSecret = newAppSecret(core)
  const sealed = await seal(ports.keyRing, `app/${appId}/secret`, appSecret)
  const overlaps = nowMs < untilMs
  const [rotated] = await store.write.batch([
    store.write
      .update(apps)
      .set({
        secretSealed: sealed,
        // By name, so that a text that was sealed anew in between is what is kept.
        previousSecretSealed: overlaps ? sql`${apps.secretSealed}` : null,
        previousSecretUntilMs: overlaps ? untilMs : null,
      })
      .where(and(eq(apps.appId, appId), eq(apps.secretSealed, secretSealed)))
      .returning({ appId: apps.appId }),
    raiseConfigRevision(store),
  ])
  return rotated.length === 1 ? ok({ appSecret }) : refuse({ code: 'rotated_meanwhile' })
}

/**
 * Ends the overlap of a rotation before its time: from now on the old secret verifies nothing.
 *
 * @returns whether there was an old secret
 */
export async function endPreviousSecret({ store }: Core, appId: AppId): Promise<boolean> {
  const [ended] = await store.write.batch([
    store.write
      .update(apps)
      .set({ previousSecretSealed: null, previousSecretUntilMs: null })
      .where(and(eq(apps.appId, appId), isNotNull(apps.previousSecretSealed)))
      .returning({ appId: apps.appId }),
    raiseConfigRevision(store),
  ])
  return ended.length === 1
}
