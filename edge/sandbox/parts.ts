import type { Gateway } from '../../core/gateway.ts'
import type { ChannelManifest } from '../../core/plugin/api.ts'
import type { Simulator } from '../../core/plugin/simulator.ts'
import type { SandboxClock } from './clock.ts'
import type { DemoMerchant } from './demo.ts'

/** What the routes of a sandbox work on. */
export interface RouteParts {
  readonly gateway: Gateway
  readonly simulators: readonly Simulator[]
  readonly clock: SandboxClock
  readonly demo: DemoMerchant
  readonly publicUrl: string
}

export function manifestOf({ gateway }: RouteParts, channel: string): ChannelManifest | undefined {
  return gateway.core.channels.get(channel)?.manifest
}

export function simulatorOf({ simulators }: RouteParts, channel: string): Simulator | undefined {
  return simulators.find((simulator) => simulator.channel === channel)
}

export const NOT_FOUND = { error: 'there is no such thing in this sandbox' }
