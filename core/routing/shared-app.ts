import { getTableColumns } from 'drizzle-orm'
import type { Core } from '../core.ts'
import type { AppId } from '../ids.ts'
import { seal, unseal } from '../sealing/seal.ts'
import { apps, type merchants } from '../store/schema.ts'
import { MINUTE_MS } from '../time.ts'
import type { Passage } from './directory.ts'

/** What the tables say of an app, secrets sealed as they are there. */
export interface AppRows {
  readonly revision: string
  readonly app: typeof apps.$inferSelect
  readonly merchantState: (typeof merchants.$inferSelect)['state']
  readonly ways: readonly Passage[]
}

const LIVES_MS = 10 * MINUTE_MS
/** Other releases have other columns: what they left behind is not read. */
const shapeOf = () => Object.keys(getTableColumns(apps)).join()
const keyOf = (appId: AppId) => `app:${appId}`
const contextOf = (appId: AppId) => `shared/app/${appId}` as const

/**
 * What another isolate has read of an app: spares a cold one the database. It is as true as what an
 * isolate remembers by itself, that is, at its revision, which the first batch of each request checks.
 *
 * Sealed as a whole: whoever can write there can bring back an old state, which its revision gives
 * away, and nothing else.
 */
export async function recallApp(core: Core, appId: AppId): Promise<AppRows | undefined> {
  const sealed = await core.ports.shared?.get(keyOf(appId))
  if (sealed === undefined) return undefined
  const opened = await unseal(core.ports.keyRing, contextOf(appId), sealed)
  if (!opened.ok) return undefined
  // Sealed by us with this very shape: nobody else could have.
  const kept = JSON.parse(opened.value) as AppRows & { readonly shape: string }
  return kept.shape === shapeOf() ? kept : undefined
}

/** In the background, and no harm if it fails. */
export function shareApp({ ports }: Core, appId: AppId, rows: AppRows): void {
  const { shared } = ports
  if (shared === undefined) return
  const text = JSON.stringify({ shape: shapeOf(), ...rows })
  ports.background(
    seal(ports.keyRing, contextOf(appId), text).then((sealed) =>
      shared.put(keyOf(appId), sealed, LIVES_MS),
    ),
  )
}
