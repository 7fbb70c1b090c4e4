import type { AnyChannel } from './plugin/api.ts'
import type { Ports } from './ports.ts'
import type { Store } from './store/store.ts'

export interface GatewaySettings {
  /** Where payers, channels and merchants reach this gateway; no slash at the end. */
  readonly publicUrl: string
  /** Whether notifications may go to private and loopback addresses (sandbox). */
  readonly allowsPrivateTargets: boolean
  /** Who may read `/metrics`: whoever asks, or whoever has the token. Nobody when absent. */
  readonly metrics?: 'open' | { readonly token: string }
  /** Most requests in a minute; no limit when absent. */
  readonly rates?: Rates
  /** The header in which the proxy before us says who called. Others' headers are not believed. */
  readonly clientIpHeader?: ClientIpHeader
}

export interface Rates {
  readonly perApp?: number
  readonly perIp?: number
}

export type ClientIpHeader = 'cf-connecting-ip' | 'x-real-ip' | 'x-forwarded-for'

/** What every part of the core is given. */
export interface Core {
  readonly ports: Ports
  readonly store: Store
  readonly channels: ReadonlyMap<string, AnyChannel>
  readonly settings: GatewaySettings
  /** Who is at the other end of the request's connection, where the runtime tells. */
  readonly peer?: string
}

export function withPeer(core: Core, peer: string | undefined): Core {
  return peer === undefined ? core : { ...core, peer }
}
