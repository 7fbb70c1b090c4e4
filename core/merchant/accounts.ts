import { and, eq } from 'drizzle-orm'
import type { Core } from '../core.ts'
import type { AccountId, AppId, MerchantNo, PassageId, ServiceProviderNo } from '../ids.ts'
import { assert, ok, type Result, refuse } from '../result.ts'
import { raiseConfigRevision } from '../routing/config-revision.ts'
import { seal } from '../sealing/seal.ts'
import { toHex } from '../signing/hex.ts'
import { channelAccounts, channelConfigs, passages } from '../store/schema.ts'

export type AccountOwner =
  | { readonly kind: 'merchant'; readonly no: MerchantNo }
  | { readonly kind: 'service_provider'; readonly no: ServiceProviderNo }

export type SettingsRefusal =
  | { readonly code: 'channel_missing'; readonly channel: string }
  /** Each problem names the setting and what to do. */
  | { readonly code: 'bad_settings'; readonly problems: readonly string[] }

/** Opens an account at a channel: its settings are checked, sealed, and become version 1. */
export async function createAccount(
  core: Core,
  owner: AccountOwner,
  channel: string,
  settings: unknown,
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
 * verified, queried and refunded under the old one.
 *
 * @returns the new version
 */
export async function changeSettings(
  core: Core,
  accountId: AccountId,
  settings: unknown,
): Promise<Result<number, SettingsRefusal>> {
  const { ports, store } = core
  const [accounts] = await store.read.batch([
    store.read.select().from(channelAccounts).where(eq(channelAccounts.accountId, accountId)),
  ])
  const account = accounts[0]
  assert(account !== undefined, `account ${accountId} exists`)
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

/** Lets an app take payments of a way through an account; a way has one account at a time. */
export async function openPassage(
  { ports, store }: Core,
  passage: {
    readonly appId: AppId
    readonly way: string
    readonly accountId: AccountId
    /** 6,000 is 0.6 %. */
    readonly feePartsPerMillion: number
  },
): Promise<void> {
  const { accountId, feePartsPerMillion } = passage
  const state = 'active'
  await store.write.batch([
    store.write
      .insert(passages)
      .values({ passageId: `G${toHex(ports.random.bytes(8))}` as PassageId, state, ...passage })
      .onConflictDoUpdate({
        target: [passages.appId, passages.way],
        set: { accountId, feePartsPerMillion, state },
      }),
    raiseConfigRevision(store),
  ])
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
