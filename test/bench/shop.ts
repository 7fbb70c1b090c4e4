import { createGateway, type Gateway } from '../../core/gateway.ts'
import type { NotificationId } from '../../core/ids.ts'
import { createAccount, openPassage } from '../../core/merchant/accounts.ts'
import { createApp, createMerchant } from '../../core/merchant/merchants.ts'
import type { AnyChannel } from '../../core/plugin/api.ts'
import type { Database, HttpPort, Ports } from '../../core/ports.ts'
import { assert } from '../../core/result.ts'
import { boundedMemory, systemClock, systemRandom } from '../../edge/ports/system.ts'
import { bankChannel } from '../kit/bank-channel.ts'
import { type App, type Envelope, type Fields, saying, signedRequest } from '../kit/shop.ts'

/** A shop to measure with: on any database, with any channels behind any port, in real time. */
export interface BenchShop {
  readonly app: App
  readonly gateway: Gateway
  /** Notifications that wait to be sent: here nobody is woken for them. */
  readonly woken: NotificationId[]
  /** A signed request, and its answer, which must be a success. */
  calls(path: string, fields: Fields): Promise<NonNullable<Envelope['data']>>
  /** The same deployment as a new isolate finds it: nothing is remembered. */
  isCold(): void
}

export interface BenchShopOptions {
  readonly database: Database
  readonly http?: HttpPort
  /** Beside the kit's bank, which takes the ways that no other channel takes. */
  readonly channel?: { readonly plugin: AnyChannel; readonly settings: unknown }
}

export const KEY_RING: Ports['keyRing'] = [{ id: 'bench', bytes: new Uint8Array(32).fill(7) }]
export const PUBLIC_URL = 'https://pay.example'

const FEE_PARTS_PER_MILLION = 6_000

/** On a database that has its tables. */
export async function openBenchShop({
  database,
  http = quickBank,
  channel,
}: BenchShopOptions): Promise<BenchShop> {
  const plugins = [...(channel === undefined ? [] : [channel.plugin]), bankChannel]
  const woken: NotificationId[] = []
  let running = start()

  function start(): Gateway {
    const ports: Ports = {
      clock: systemClock,
      random: systemRandom,
      http,
      database,
      log: { write: () => {} },
      timer: { wake: async ({ notificationId }) => void woken.push(notificationId) },
      memory: boundedMemory(10_000),
      keyRing: KEY_RING,
      background: () => {},
    }
    const settings = { publicUrl: PUBLIC_URL, allowsPrivateTargets: false }
    return createGateway({ ports, channels: plugins, settings })
  }

  const { core } = running
  const merchantNo = await createMerchant(core, { merchantNo: 'M1', name: '小店' })
  const app: App = { merchantNo, ...(await createApp(core, { merchantNo, name: '收银' })) }
  const taken = new Set<string>()
  for (const { manifest } of plugins) {
    const settings =
      manifest.id === bankChannel.manifest.id ? { merchant: 'shop', key: 'k' } : channel?.settings
    const owner = { kind: 'merchant', no: merchantNo } as const
    const account = await createAccount(core, owner, manifest.id, settings)
    assert(account.ok, `the account at ${manifest.id} opens`)
    for (const way of Object.keys(manifest.ways)) {
      if (taken.has(way)) continue
      taken.add(way)
      await openPassage(core, {
        appId: app.appId,
        way,
        accountId: account.value,
        feePartsPerMillion: FEE_PARTS_PER_MILLION,
      })
    }
  }

  return {
    app,
    woken,
    get gateway() {
      return running
    },
    async calls(path, fields) {
      const response = await running.fetch(signedRequest(path, fields, app))
      const { code, msg, data } = (await response.json()) as Envelope
      assert(code === 0 && data !== undefined, `${path} succeeds, not ${msg}`)
      return data
    },
    isCold() {
      running = start()
    },
  }
}

/** A bank that answers at once, and costs next to nothing. */
export const quickBank: HttpPort = {
  async send({ url }) {
    return saying(url.endsWith('/pay') ? '{"result":"ok","qr":"bank://pay"}' : '{"result":"ok"}')
  },
}
