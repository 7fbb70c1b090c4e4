import { and, eq, sql } from 'drizzle-orm'
import * as z from 'zod'
import type { Core } from '../core.ts'
import type { AccountId, AppId, MerchantNo, PassageId, ServiceProviderNo } from '../ids.ts'
import { assert, ok, type Result, refuse } from '../result.ts'
import { raiseConfigRevision } from '../routing/config-revision.ts'
import { seal, unseal } from '../sealing/seal.ts'
import { toHex } from '../signing/hex.ts'
import { apps, channelAccounts, channelConfigs, passages } from '../store/schema.ts'
import { insertWhere } from '../store/store.ts'

export type AccountOwner =
  | { readonly kind: 'merchant'; readonly no: MerchantNo }
  | { readonly kind: 'service_provider'; readonly no: ServiceProviderNo }

export type SettingsRefusal =
  | { readonly code: 'channel_missing'; readonly channel: string }
  /** Each problem names the setting and what to do. */
  | { readonly code: 'bad_settings'; readonly problems: readonly string[] }

/** Opens an account at a channel: its settings are checked, sealed, and become version 1. */
export function createAccount(
  core: Core,
  owner: AccountOwner,
  channel: string,
  settings: unknown,
): Promise<Result<AccountId, SettingsRefusal>> {
  return insertAccount(core, owner, channel, settings, null)
}

/**
 * Opens a merchant's account below a service provider's: the provider's settings with the
 * sub-merchant's own (those of scope `sub_merchant`) in their place. Each version is whole in
 * itself, so what it sends can be verified, queried and refunded whatever the provider changes later.
 */
export async function createSubAccount(
  core: Core,
  merchantNo: MerchantNo,
  providerAccountId: AccountId,
  ownSettings: Settings,
): Promise<Result<AccountId, SettingsRefusal>> {
  const provider = await loadAccount(core, providerAccountId)
  assert(provider.account.ownerKind === 'service_provider', `${providerAccountId} is a provider's`)
  const { channel } = provider.account
  const settings = { ...provider.settings, ...ofSubMerchant(core, channel, ownSettings) }
  const owner = { kind: 'merchant', no: merchantNo } as const
  return insertAccount(core, owner, channel, settings, providerAccountId)
}

async function insertAccount(
  core: Core,
  owner: AccountOwner,
  channel: string,
  settings: unknown,
  providerAccountId: AccountId | null,
): Promise<Result<AccountId, SettingsRefusal>> {
  const { ports, store } = core
  const checked = check(core, channel, settings)
  if (!checked.ok) return checked
  const accountId = `A${toHex(ports.random.bytes(8))}` as AccountId
  const nowMs = ports.clock.now()
  await store.write.batch([
    store.write.insert(channelAccounts).values({
      accountId,
      channel,
      ownerKind: owner.kind,
      ownerNo: owner.no,
      providerAccountId,
      state: 'active',
      currentVersion: 1,
      createdAtMs: nowMs,
    }),
    store.write.insert(channelConfigs).values({
      accountId,
      version: 1,
      settingsSealed: await sealed(core, accountId, 1, settings),
      payee: checked.value,
      createdAtMs: nowMs,
    }),
    raiseConfigRevision(store),
  ])
  return ok(accountId)
}

/**
 * Gives an account other settings, as a new version. What was sent under the old one is still
 * verified, queried and refunded under the old one. Accounts below a service provider get the
 * provider's change as a new version of their own.
 *
 * @returns the new version
 */
export async function changeSettings(
  core: Core,
  accountId: AccountId,
  settings: Settings,
): Promise<Result<number, SettingsRefusal>> {
  const { account } = await loadAccount(core, accountId)
  const changed = await insertVersion(core, account, settings)
  if (!changed.ok || account.ownerKind !== 'service_provider') return changed

  for (const below of await accountsBelow(core, accountId)) {
    const { account: sub, settings: known } = await loadAccount(core, below)
    const merged = { ...settings, ...ofSubMerchant(core, sub.channel, known) }
    const passedOn = await insertVersion(core, sub, merged)
    if (!passedOn.ok) return passedOn
  }
  return changed
}

async function insertVersion(
  core: Core,
  account: AccountRow,
  settings: Settings,
): Promise<Result<number, SettingsRefusal>> {
  const { ports, store } = core
  const { accountId } = account
  const checked = check(core, account.channel, settings)
  if (!checked.ok) return checked
  const version = account.currentVersion + 1
  await store.write.batch([
    // Fails as a whole when somebody else was making the same version.
    store.write.insert(channelConfigs).values({
      accountId,
      version,
      settingsSealed: await sealed(core, accountId, version, settings),
      payee: checked.value,
      createdAtMs: ports.clock.now(),
    }),
    store.write
      .update(channelAccounts)
      .set({ currentVersion: version })
      .where(
        and(
          eq(channelAccounts.accountId, accountId),
          eq(channelAccounts.currentVersion, account.currentVersion),
        ),
      ),
    raiseConfigRevision(store),
  ])
  return ok(version)
}

type AccountRow = typeof channelAccounts.$inferSelect
export type Settings = Readonly<Record<string, unknown>>

async function loadAccount(
  core: Core,
  accountId: AccountId,
): Promise<{ readonly account: AccountRow; readonly settings: Settings }> {
  const { store, ports } = core
  const [rows] = await store.read.batch([
    store.read
      .select({ account: channelAccounts, settingsSealed: channelConfigs.settingsSealed })
      .from(channelAccounts)
      .innerJoin(
        channelConfigs,
        and(
          eq(channelConfigs.accountId, channelAccounts.accountId),
          eq(channelConfigs.version, channelAccounts.currentVersion),
        ),
      )
      .where(eq(channelAccounts.accountId, accountId)),
  ])
  const [row] = rows
  assert(row !== undefined, `account ${accountId} exists`)
  const context = `account/${accountId}/config/${row.account.currentVersion}` as const
  const opened = await unseal(ports.keyRing, context, row.settingsSealed)
  assert(opened.ok, `the settings of account ${accountId} open`)
  return { account: row.account, settings: settingsSchema.parse(JSON.parse(opened.value)) }
}

const settingsSchema = z.record(z.string(), z.unknown())

/** Whose an account is, and at which channel. */
export async function findAccount(
  { store }: Core,
  accountId: AccountId,
): Promise<Pick<AccountRow, 'channel' | 'ownerKind' | 'ownerNo'> | undefined> {
  const { channel, ownerKind, ownerNo } = channelAccounts
  const [found] = await store.read.batch([
    store.read
      .select({ channel, ownerKind, ownerNo })
      .from(channelAccounts)
      .where(eq(channelAccounts.accountId, accountId)),
  ])
  return found[0]
}

async function accountsBelow(
  { store }: Core,
  providerAccountId: AccountId,
): Promise<readonly AccountId[]> {
  const [rows] = await store.read.batch([
    store.read
      .select({ accountId: channelAccounts.accountId })
      .from(channelAccounts)
      .where(eq(channelAccounts.providerAccountId, providerAccountId)),
  ])
  return rows.map(({ accountId }) => accountId)
}

/** The settings that are a sub-merchant's own; a provider's keys are never among them. */
function ofSubMerchant(core: Core, channel: string, settings: Settings): Settings {
  const fields = core.channels.get(channel)?.fields ?? {}
  return Object.fromEntries(
    Object.entries(settings).filter(([name]) => fields[name]?.scope === 'sub_merchant'),
  )
}

export type PassageRefusal = { readonly code: 'account_of_another' }

/**
 * Lets an app take payments of a way (or send money to an entry) through an account of its own
 * merchant, and of nobody else; a way has one account at a time.
 */
export async function openPassage(
  { ports, store }: Core,
  passage: {
    readonly appId: AppId
    readonly way: string
    readonly accountId: AccountId
    /** 6,000 is 0.6 %. */
    readonly feePartsPerMillion: number
  },
): Promise<Result<undefined, PassageRefusal>> {
  const { appId, accountId, feePartsPerMillion } = passage
  const { write } = store
  const passageId = `G${toHex(ports.random.bytes(8))}` as PassageId
  const isOwn = sql`exists (select 1 from ${channelAccounts} inner join ${apps} on ${and(
    eq(apps.merchantNo, sql`${channelAccounts.ownerNo}`),
    eq(apps.appId, appId),
  )} where ${and(
    eq(channelAccounts.accountId, accountId),
    eq(channelAccounts.ownerKind, 'merchant'),
  )})`
  const opened = insertWhere(passages, { passageId, state: 'active', ...passage }, isOwn)
  const [, , found] = await write.batch([
    write.run(sql`${opened} on conflict (app_id, way) do update set
      account_id = ${accountId}, fee_parts_per_million = ${feePartsPerMillion}, state = 'active'`),
    raiseConfigRevision(store),
    write
      .select({ accountId: passages.accountId })
      .from(passages)
      .where(and(eq(passages.appId, appId), eq(passages.way, passage.way))),
  ])
  return found[0]?.accountId === accountId ? ok(undefined) : refuse({ code: 'account_of_another' })
}

function check(core: Core, channel: string, settings: unknown): Result<string, SettingsRefusal> {
  const plugin = core.channels.get(channel)
  if (plugin === undefined) return refuse({ code: 'channel_missing', channel })
  const bound = plugin.bind(settings)
  return bound.ok
    ? ok(bound.value.payee)
    : refuse({ code: 'bad_settings', problems: bound.refusal })
}

function sealed({ ports }: Core, accountId: AccountId, version: number, settings: unknown) {
  return seal(ports.keyRing, `account/${accountId}/config/${version}`, JSON.stringify(settings))
}
