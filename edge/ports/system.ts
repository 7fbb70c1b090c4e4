import type { Clock, Memory, Random } from '../../core/ports.ts'

export const systemClock: Clock = {
  now: () => Date.now(),
  sleep: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
}

export const systemRandom: Random = {
  bytes: (length) => crypto.getRandomValues(new Uint8Array(length)),
}

/** Forgets what was not asked for the longest, once it holds more than `capacity` entries. */
export function boundedMemory(capacity: number): Memory {
  // A Map keeps the order in which keys were put in: the first is the one to forget.
  const entries = new Map<string, unknown>()
  return {
    get(key) {
      const value = entries.get(key)
      if (entries.delete(key)) entries.set(key, value)
      return value
    },
    set(key, value) {
      entries.delete(key)
      entries.set(key, value)
      for (const oldest of entries.keys()) {
        if (entries.size <= capacity) break
        entries.delete(oldest)
      }
    },
    delete(key) {
      entries.delete(key)
    },
  }
}
