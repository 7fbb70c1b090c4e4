import { createGateway, type Gateway } from '../../core/gateway.ts'
import type { AccountId, AppId, MerchantNo } from '../../core/ids.ts'
import { createAccount, openPassage } from '../../core/merchant/accounts.ts'
import { createApp, createMerchant } from '../../core/merchant/merchants.ts'
import type { LatePolicy } from '../../core/payment/state.ts'
import type { Ports } from '../../core/ports.ts'
import { assert } from '../../core/result.ts'
import { findApp } from '../../core/routing/directory.ts'
import { bindReceiver, createGroup } from '../../core/split/receivers.ts'
import { migrateDatabase } from '../../edge/migrate.ts'
import { boundedMemory } from '../../edge/ports/system.ts'
import { databaseOf, openTables, type Tables } from '../kit/tables.ts'
import { chanceOf } from './chance.ts'
import { type Counterpart, modelBank } from './counterpart.ts'
import { ISOLATES, type Weather } from './plan.ts'
import { doCryptoAtOnce } from './web-crypto.ts'

/** A merchant's app, with all that it takes to talk like it. */
export interface App {
  readonly merchantNo: MerchantNo
  readonly appId: AppId
  readonly appSecret: string
  /** Who shares in its payments, by the bank's account: 30 % and 20 %. */
  readonly receivers: readonly { readonly receiverId: number; readonly account: string }[]
}

/**
 * What all histories of a process share, because it costs more than a history: tables with their
 * prepared statements, and gateways with their routes. Nothing of one history is left in it when the
 * next begins.
 */
export interface Stage {
  /** Who is at the other end of all that is sent. */
  readonly counterpart: Counterpart
  readonly tables: Tables
  /** Where reads go that lag behind. */
  readonly replica: Tables
  readonly accountId: AccountId
  appOf(weather: Pick<Weather, 'latePolicy' | 'notifiesEveryEnd'>): App
  /** One for each isolate; its ports are those of the world that is being played. */
  readonly gateways: readonly Gateway[]
  /** Begins anew, with the ports of another world; with a replica only where that lags. */
  open(portsOf: (isolate: number) => Ports, hasReplica: boolean): void
}

export const START_MS = Date.UTC(2026, 1, 27, 15, 59, 50)
export const PUBLIC_URL = 'https://pay.example'
export const NOTIFY_URL = 'https://shop.example/notify'
export const MASTER_CANARY = 7

const POLICIES = ['accept', 'refund', 'hold'] as const satisfies readonly LatePolicy[]
const SETTINGS = { publicUrl: PUBLIC_URL, allowsPrivateTargets: false }

export async function openStage(counterpart: Counterpart = modelBank): Promise<Stage> {
  doCryptoAtOnce()
  const tables = openTables(false)
  const replica = openTables(false)
  await migrateDatabase(databaseOf(tables))
  await migrateDatabase(databaseOf(replica))
  const { apps, accountId } = await furnish(tables, counterpart)
  const furnished = tables.rows()
  let portsOf: ((isolate: number) => Ports) | undefined
  const gateways = Array.from({ length: ISOLATES }, (_, isolate) =>
    createGateway({
      ports: standIn(() => {
        assert(portsOf !== undefined, 'a world is being played')
        return portsOf(isolate)
      }),
      channels: [counterpart.plugin],
      settings: SETTINGS,
    }),
  )
  return {
    counterpart,
    tables,
    replica,
    accountId,
    gateways,
    appOf({ latePolicy, notifiesEveryEnd }) {
      const app = apps.get(`${latePolicy} ${notifiesEveryEnd}`)
      assert(app !== undefined, 'there is an app for each policy')
      return app
    },
    open(ports, hasReplica) {
      tables.fill(furnished)
      if (hasReplica) replica.fill(furnished)
      portsOf = ports
    },
  }
}

/** Merchants, apps and accounts, made as an operator makes them, on a day without wind. */
async function furnish(tables: Tables, counterpart: Counterpart) {
  const random = chanceOf(1, 'furniture')
  const ports: Ports = {
    clock: { now: () => START_MS - 1_000, sleep: async () => {} },
    random: { bytes: (length) => Uint8Array.from({ length }, () => random.whole(0, 255)) },
    http: { send: (request) => counterpart.isFurnished(request) },
    database: databaseOf(tables),
    log: { write: () => {} },
    timer: { wake: async () => {} },
    memory: boundedMemory(100),
    keyRing: [{ id: 'k1', bytes: new Uint8Array(32).fill(MASTER_CANARY) }],
    background: () => {},
  }
  const { plugin } = counterpart
  const { core } = createGateway({ ports, channels: [plugin], settings: SETTINGS })
  const channel = plugin.manifest.id
  const merchantNo = await createMerchant(core, { merchantNo: 'M1', name: '小店' })
  const settings = await counterpart.settings()
  const opened = await createAccount(core, { kind: 'merchant', no: merchantNo }, channel, settings)
  assert(opened.ok, 'the account opens')
  const accountId = opened.value
  const apps = new Map<string, App>()
  for (const latePolicy of POLICIES) {
    for (const notifiesEveryEnd of [false, true]) {
      const name = `${latePolicy} ${notifiesEveryEnd}`
      const app = await createApp(core, { merchantNo, name, latePolicy, notifiesEveryEnd })
      const { ways, entry } = counterpart
      for (const way of [...Object.values(ways), `${channel}:${entry}`]) {
        const { appId } = app
        await openPassage(core, { appId, way, accountId, feePartsPerMillion: 6_000 })
      }
      const groupId = await createGroup(core, { merchantNo, name, isAutomatic: true })
      const found = await findApp(core, app.appId)
      assert(found !== undefined, 'the app is there')
      const receivers: App['receivers'][number][] = []
      for (const [receiver, sharePartsPerMillion] of counterpart.sharers) {
        const bound = await bindReceiver(core, found, {
          channel,
          groupId,
          alias: receiver.account,
          receiver,
          extInfo: undefined,
          sharePartsPerMillion,
        })
        assert(bound.ok && bound.value.kind === 'bound', 'the receiver is bound')
        const { receiverId, account } = bound.value.receiver
        receivers.push({ receiverId, account })
      }
      apps.set(name, { merchantNo, ...app, receivers })
    }
  }
  return { apps, accountId }
}

/** Ports that are looked up each time that they are used. */
function standIn(ports: () => Ports): Ports {
  return {
    clock: { now: () => ports().clock.now(), sleep: (ms) => ports().clock.sleep(ms) },
    random: { bytes: (length) => ports().random.bytes(length) },
    http: { send: (request) => ports().http.send(request) },
    database: { batch: (statements, mode) => ports().database.batch(statements, mode) },
    log: { write: (level, message, fields) => ports().log.write(level, message, fields) },
    timer: { wake: (wakeUp) => ports().timer.wake(wakeUp) },
    memory: {
      get: (key) => ports().memory.get(key),
      set: (key, value) => ports().memory.set(key, value),
      delete: (key) => ports().memory.delete(key),
    },
    keyRing: [{ id: 'k1', bytes: new Uint8Array(32).fill(MASTER_CANARY) }],
    background: (work) => ports().background(work),
  }
}
