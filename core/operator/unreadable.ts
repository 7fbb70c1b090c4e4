import { asc, eq, isNull, sql } from 'drizzle-orm'
import type { Core } from '../core.ts'
import { sealProblem, unseal } from '../sealing/seal.ts'
import { apps, channelAccounts, channelConfigs } from '../store/schema.ts'
import type { PageAsked, WorkItem, WorkPage } from './work-list.ts'

/**
 * Secrets and settings that are still needed and do not open, or do not fit their channel any more:
 * what depends on them stands still. A page looks at so many of each, and shows those that are bad.
 */
export async function unreadableTexts(core: Core, asked: PageAsked): Promise<WorkPage> {
  const [appId = '', accountId = '', version = '0'] = asked.after?.split('~') ?? []
  const { read } = core.store
  const [secrets, configs] = await read.batch([
    read
      .select({ appId: apps.appId, sealed: apps.secretSealed, createdAtMs: apps.createdAtMs })
      .from(apps)
      .where(sql`${apps.appId} > ${appId}`)
      .orderBy(asc(apps.appId))
      .limit(asked.limit),
    read
      .select({ config: channelConfigs, channel: channelAccounts.channel })
      .from(channelConfigs)
      .innerJoin(channelAccounts, eq(channelAccounts.accountId, channelConfigs.accountId))
      .where(
        sql`(${channelConfigs.accountId}, ${channelConfigs.version}) > (${accountId}, ${Number(version)}) and ${isNull(channelConfigs.drainedAtMs)}`,
      )
      .orderBy(asc(channelConfigs.accountId), asc(channelConfigs.version))
      .limit(asked.limit),
  ])
  const items: WorkItem[] = []
  for (const { appId, sealed, createdAtMs } of secrets) {
    const opened = await unseal(core.ports.keyRing, `app/${appId}/secret`, sealed)
    if (opened.ok) continue
    items.push({
      ...item(appId, createdAtMs, `its secret cannot be read: ${sealProblem(opened.refusal)}`),
      appId,
      facts: {},
      can: ['rotate_secret'],
    })
  }
  for (const { config, channel } of configs) {
    const what = await settingsProblem(core, channel, config)
    if (what === undefined) continue
    const { accountId, version, createdAtMs } = config
    items.push({
      ...item(accountId, createdAtMs, what),
      appId: null,
      facts: { channel, version },
      can: ['put_settings'],
    })
  }
  return {
    items,
    next: nextOf(
      asked,
      secrets,
      configs.map(({ config }) => config),
    ),
  }
}

function item(id: string, sinceMs: number, what: string) {
  return { kind: 'unreadable', id, sinceMs, what, evidence: [] } as const
}

async function settingsProblem(
  { ports, channels }: Core,
  channel: string,
  { accountId, version, settingsSealed }: typeof channelConfigs.$inferSelect,
): Promise<string | undefined> {
  const plugin = channels.get(channel)
  if (plugin === undefined) return `channel ${channel} is not in this deployment`
  const context = `account/${accountId}/config/${version}` as const
  const opened = await unseal(ports.keyRing, context, settingsSealed)
  if (!opened.ok) return `its settings cannot be read: ${sealProblem(opened.refusal)}`
  const bound = plugin.bind(JSON.parse(opened.value))
  // Names of fields and what is wrong with them, never what they hold.
  return bound.ok ? undefined : `its settings do not fit the channel: ${bound.refusal.join('; ')}`
}

function nextOf(
  { limit, after }: PageAsked,
  secrets: readonly { readonly appId: string }[],
  configs: readonly { readonly accountId: string; readonly version: number }[],
): string | undefined {
  if (secrets.length < limit && configs.length < limit) return undefined
  const [appId = '', accountId = '', version = '0'] = after?.split('~') ?? []
  const config = configs.at(-1)
  return [
    secrets.at(-1)?.appId ?? appId,
    config?.accountId ?? accountId,
    config?.version ?? version,
  ].join('~')
}
