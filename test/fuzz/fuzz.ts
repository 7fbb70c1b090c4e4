import { readdirSync, readFileSync } from 'node:fs'
import { z } from 'zod'
import { seededRandom } from '../kit/random.ts'
import { callbacks } from './callbacks.ts'
import { gatewayTargets } from './gateway.ts'
import { type Bytes, below, mutated } from './mutate.ts'
import { parsers } from './parsers.ts'
import type { Target } from './target.ts'

/** An input that something did not stand, and what it did then. */
export interface Crash {
  readonly target: string
  readonly input: Bytes
  readonly reason: string
}

/** Of CPU, not of the wall: a loaded machine makes no crash of a slow answer. */
const MAX_CPU_MS = 2_000

export async function allTargets(): Promise<readonly Target[]> {
  return [...parsers, ...(await callbacks()), ...(await gatewayTargets())]
}

/** Feeds one input. @returns what was wrong about it, if anything */
export async function feed(target: Target, input: Bytes): Promise<Crash | undefined> {
  const began = process.cpuUsage()
  const crash = (reason: string) => ({ target: target.name, input, reason })
  try {
    await target.feed(input)
  } catch (error) {
    return crash(error instanceof Error ? `${error.name}: ${error.message}` : 'it threw')
  }
  const spentMs = process.cpuUsage(began).user / 1_000
  return spentMs > MAX_CPU_MS ? crash(`it took ${Math.round(spentMs)} ms`) : undefined
}

/** Feeds each target so many changed inputs; the same for the same seed. */
export async function fuzz(
  targets: readonly Target[],
  { runs, seed }: { readonly runs: number; readonly seed: number },
): Promise<readonly Crash[]> {
  const crashes: Crash[] = []
  for (const [place, target] of targets.entries()) {
    const random = seededRandom(seed * 1_000 + place)
    for (let run = 0; run < runs; run++) {
      const seedInput = target.seeds[below(random, target.seeds.length)]
      if (seedInput === undefined) continue
      const crash = await feed(target, mutated(seedInput, random))
      if (crash === undefined) continue
      crashes.push(crash)
      // One is enough to look at; many of one kind would hide the others.
      break
    }
  }
  return crashes
}

const CORPUS = new URL('corpus/', import.meta.url)

/** Kept inputs: a text, or bytes in hex; long ones in short. */
const keptSchema = z.object({
  target: z.string(),
  story: z.string(),
  text: z.string().optional(),
  hex: z.string().optional(),
  /** What stands for each `…` in it, one after the other. */
  repeat: z.array(z.object({ part: z.string(), times: z.number() })).default([]),
})

export interface Kept {
  readonly file: string
  readonly target: string
  readonly story: string
  readonly input: Bytes
}

export function corpus(): readonly Kept[] {
  return readdirSync(CORPUS)
    .filter((file) => file.endsWith('.json'))
    .map((file) => {
      const kept = keptSchema.parse(JSON.parse(readFileSync(new URL(file, CORPUS), 'utf8')))
      const { target, story, text, hex, repeat } = kept
      const whole = repeat.reduce(
        (short, { part, times }) => short.replace('…', () => part.repeat(times)),
        text ?? hex ?? '',
      )
      const input = Buffer.from(whole, hex === undefined ? 'utf8' : 'hex')
      return { file, target, story, input: Uint8Array.from(input) }
    })
}
