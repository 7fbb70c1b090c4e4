/**
 * What merchants, payers and operators can count on, said over HTTP alone. One specification: Node,
 * Deno and workerd each run all of it.
 */
import { afterAll, beforeAll, describe } from 'vitest'
import { openMerchantServer } from '../kit/merchant-server.ts'
import { openRows } from '../kit/rows.ts'
import { openStorefront } from '../kit/storefront.ts'
import { specifyBadInput } from './specification/bad-input.ts'
import { specifyCopies } from './specification/copies.ts'
import { specifyDivisions } from './specification/divisions.ts'
import { specifyDoors } from './specification/doors.ts'
import { specifyForgeries } from './specification/forgeries.ts'
import { specifyMisbehaviour } from './specification/misbehaviour.ts'
import { specifyNotifications } from './specification/notifications.ts'
import { specifyOrders } from './specification/orders.ts'
import { specifyProviders } from './specification/providers.ts'
import { specifyRefunds } from './specification/refunds.ts'
import { specifySilence } from './specification/silence.ts'
import { specifyTransfers } from './specification/transfers.ts'
import { specifyWays } from './specification/ways.ts'
import type { LiveGateway, SandboxGateway, World } from './specification/world.ts'

/** How one runtime starts the gateway. */
export interface Runtime {
  readonly name: string
  /** In sandbox mode, on an empty database of its own. */
  startSandbox(): Promise<SandboxGateway>
  /** In live mode, with the settings that it cannot do without. */
  startLive(): Promise<LiveGateway>
}

/** To boot, and on workerd to bundle: no measure of anything, only an end to waiting. */
const BOOT_TIMEOUT_MS = 180_000

export function specifyGateway(runtime: Runtime): void {
  describe(`the gateway on ${runtime.name}`, { timeout: 60_000 }, () => {
    let world: World | undefined
    let live: LiveGateway | undefined
    const here = () => {
      if (world === undefined) throw new Error('the gateway has not come up')
      return world
    }

    beforeAll(async () => {
      const gateway = await runtime.startSandbox()
      const merchant = await openMerchantServer()
      world = {
        gateway,
        merchant,
        shop: openStorefront(gateway, merchant),
        rows: await openRows(gateway.databaseUrl),
      }
      live = await runtime.startLive()
    }, BOOT_TIMEOUT_MS)

    afterAll(async () => {
      await live?.stop()
      await world?.rows.close()
      await world?.gateway.stop()
      await world?.merchant.close()
    }, BOOT_TIMEOUT_MS)

    // First, because its channel call hangs until the deadline while all others go on.
    const silence = specifySilence(here)
    specifyOrders(here)
    specifyWays(here)
    specifyRefunds(here)
    specifyTransfers(here)
    specifyDivisions(here)
    specifyProviders(here)
    specifyCopies(here)
    specifyNotifications(here)
    specifyMisbehaviour(here)
    specifyBadInput(here)
    specifyForgeries(here)
    specifyDoors(here, () => live?.baseUrl ?? '')
    silence.specifyItsEnd()
  })
}
