import { setTimeout as sleep } from 'node:timers/promises'

/**
 * Looks again and again until something holds.
 *
 * @throws after half a minute, which is no measure of speed: something will never happen
 */
export async function until<Seen>(
  look: () => Seen | Promise<Seen>,
  what: string,
  timeoutMs = 30_000,
): Promise<NonNullable<Seen>> {
  const giveUpAtMs = Date.now() + timeoutMs
  for (;;) {
    const seen = await look()
    if (seen) return seen
    if (Date.now() > giveUpAtMs) throw new Error(`waited in vain for ${what}`)
    await sleep(25)
  }
}
