import type { AnyChannel } from './plugin/api.ts'
import type { Ports } from './ports.ts'
import type { Store } from './store/store.ts'

export interface GatewaySettings {
  /** Where payers, channels and merchants reach this gateway; no slash at the end. */
  readonly publicUrl: string
  /** Whether notifications may go to private and loopback addresses (sandbox). */
  readonly allowsPrivateTargets: boolean
}

/** What every part of the core is given. */
export interface Core {
  readonly ports: Ports
  readonly store: Store
  readonly channels: ReadonlyMap<string, AnyChannel>
  readonly settings: GatewaySettings
}
