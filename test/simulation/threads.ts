import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads'
import { z } from 'zod'
import { COUNTERPARTS, type CounterpartName, counterpartOf } from './counterpart.ts'
import { type Failure, playSeeds } from './seeds.ts'
import { openStage } from './stage.ts'

const CHUNK = 20

const workerSchema = z.object({ channel: z.enum(COUNTERPARTS).default('model') })
const chunkSchema = z.object({ from: z.number(), count: z.number() })
const failureSchema = z.object({ seed: z.number(), what: z.string() })
export const playedSchema = z.object({ played: z.number(), failed: z.array(failureSchema) })

export interface Run {
  readonly played: number
  readonly failed: readonly Failure[]
  readonly seconds: number
}

export interface Assignment {
  readonly channel: CounterpartName
  readonly seed: number
  readonly histories: number
  readonly threads: number
  /** Whether it ends with the first history that breaks a law. */
  readonly stopsAtFirst: boolean
}

/** Plays seeds on threads, each with a stage of its own; a seed's history is the same on any of them. */
export async function playOnThreads(
  { channel, seed, histories, threads, stopsAtFirst }: Assignment,
  progress: (run: Run) => void = () => undefined,
): Promise<Run> {
  const startedMs = performance.now()
  const seconds = () => (performance.now() - startedMs) / 1_000
  const end = seed + histories
  const failed: Failure[] = []
  let next = seed
  let played = 0

  async function work(): Promise<void> {
    const worker = new Worker(new URL(import.meta.url), { workerData: { channel } })
    await new Promise<void>((resolve, reject) => {
      worker.on('error', reject)
      worker.on('message', (message: unknown) => {
        const done = playedSchema.parse(message)
        played += done.played
        failed.push(...done.failed)
        progress({ played, failed, seconds: seconds() })
        const from = next
        next = Math.min(end, from + CHUNK)
        if (from === next || (stopsAtFirst && failed.length > 0)) return resolve()
        worker.postMessage({ from, count: next - from })
      })
    })
    await worker.terminate()
  }

  await Promise.all(Array.from({ length: threads }, work))
  return { played, failed: failed.sort((a, b) => a.seed - b.seed), seconds: seconds() }
}

if (!isMainThread) {
  const { channel } = workerSchema.parse(workerData ?? {})
  const stage = await openStage(await counterpartOf(channel))
  parentPort?.on('message', async (message: unknown) => {
    const { from, count } = chunkSchema.parse(message)
    parentPort?.postMessage(await playSeeds(stage, from, count))
  })
  parentPort?.postMessage({ played: 0, failed: [] })
}
