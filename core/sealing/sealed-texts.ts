import { and, asc, eq, sql } from 'drizzle-orm'
import type { BatchItem } from 'drizzle-orm/batch'
import type { Core } from '../core.ts'
import { apps, channelConfigs } from '../store/schema.ts'
import type { SealContext } from './seal.ts'

/** A sealed text where it stands. */
export interface SealedText {
  readonly context: SealContext
  readonly sealed: string
  /** Puts another text in its place, if it is still the same one; gives a row back if so. */
  replaceBy(sealed: string): BatchItem<'sqlite'>
}

/** Every text that is sealed at rest, so many rows at a time, in the order of their keys. */
export async function* sealedTexts(
  core: Core,
  rows: number,
): AsyncGenerator<readonly SealedText[], void> {
  yield* secretPages(core, rows)
  yield* settingsPages(core, rows)
}

async function* secretPages({ store }: Core, rows: number) {
  for (let after: string = ''; ; ) {
    const [page] = await store.read.batch([
      store.read
        .select({
          appId: apps.appId,
          current: apps.secretSealed,
          previous: apps.previousSecretSealed,
        })
        .from(apps)
        .where(sql`${apps.appId} > ${after}`)
        .orderBy(asc(apps.appId))
        .limit(rows),
    ])
    const last = page.at(-1)
    if (last === undefined) return
    after = last.appId
    yield page.flatMap(({ appId, current, previous }): SealedText[] => {
      const context = `app/${appId}/secret` as const
      const replace = (column: 'secretSealed' | 'previousSecretSealed', was: string) => ({
        context,
        sealed: was,
        replaceBy: (sealed: string) =>
          store.write
            .update(apps)
            .set({ [column]: sealed })
            .where(and(eq(apps.appId, appId), eq(apps[column], was)))
            .returning({ appId: apps.appId }),
      })
      const now = replace('secretSealed', current)
      return previous === null ? [now] : [now, replace('previousSecretSealed', previous)]
    })
  }
}

async function* settingsPages({ store }: Core, rows: number) {
  for (let after = { accountId: '', version: 0 }; ; ) {
    const [page] = await store.read.batch([
      store.read
        .select({
          accountId: channelConfigs.accountId,
          version: channelConfigs.version,
          sealed: channelConfigs.settingsSealed,
        })
        .from(channelConfigs)
        .where(
          sql`(${channelConfigs.accountId}, ${channelConfigs.version}) > (${after.accountId}, ${after.version})`,
        )
        .orderBy(asc(channelConfigs.accountId), asc(channelConfigs.version))
        .limit(rows),
    ])
    const last = page.at(-1)
    if (last === undefined) return
    after = last
    yield page.map(
      ({ accountId, version, sealed: was }): SealedText => ({
        context: `account/${accountId}/config/${version}`,
        sealed: was,
        replaceBy: (sealed) =>
          store.write
            .update(channelConfigs)
            .set({ settingsSealed: sealed })
            .where(
              and(
                eq(channelConfigs.accountId, accountId),
                eq(channelConfigs.version, version),
                eq(channelConfigs.settingsSealed, was),
              ),
            )
            .returning({ accountId: channelConfigs.accountId }),
      }),
    )
  }
}
