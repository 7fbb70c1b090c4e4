import type { Core } from '../core.ts'
import { count } from '../observability/meter.ts'
import type { Taken } from '../ports.ts'
import { takeFrom, type Window } from './window.ts'

const UNLIMITED: Taken = { within: true }

/**
 * Counts one request of an app or an address against the deployment's limit. Shared by all isolates
 * where there is something that they share; else, or when that is away, each isolate counts for itself.
 */
export async function takeOne(core: Core, by: 'app' | 'ip', who: string): Promise<Taken> {
  const { ports, settings } = core
  const perMinute = by === 'app' ? settings.rates?.perApp : settings.rates?.perIp
  if (perMinute === undefined) return UNLIMITED
  const name = `${by}:${who}`
  const taken = (await ports.shared?.take(name, perMinute)) ?? takeHere(core, name, perMinute)
  if (!taken.within) count(core, 'tongbao_rate_limited_total', { by })
  return taken
}

const KEY = 'limits'
/** Callers that an isolate keeps count of. Who was not heard of the longest starts anew. */
const MAX_CALLERS = 10_000

function takeHere({ ports: { memory, clock } }: Core, name: string, perMinute: number): Taken {
  // One entry for all: a flood of addresses must not push apps out of the isolate's memory.
  const windows = (memory.get(KEY) as Map<string, Window> | undefined) ?? new Map<string, Window>()
  const { window, taken } = takeFrom(windows.get(name), perMinute, clock.now())
  windows.delete(name)
  windows.set(name, window)
  for (const oldest of windows.keys()) {
    if (windows.size <= MAX_CALLERS) break
    windows.delete(oldest)
  }
  memory.set(KEY, windows)
  return taken
}
