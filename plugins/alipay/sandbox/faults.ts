import * as z from 'zod'
import type { Fault, FaultPoint } from '../../../core/plugin/simulator.ts'
import type { Alipay } from './settings.ts'
import { type Shelf, shelf } from './shelf.ts'

const fault = z.object({
  on: z.string(),
  fault: z.string(),
  delayMs: z.number().nullable(),
  times: z.number(),
})

type Waiting = z.output<typeof fault>

const faults = ({ books }: Alipay): Shelf<Waiting[]> => shelf(books, 'fault', z.array(fault))

/** Sets the faults to come. Those set earlier are gone: an empty list ends all misbehaviour. */
export async function misbehave(alipay: Alipay, coming: readonly Fault[]): Promise<void> {
  await faults(alipay).put(
    ALL,
    coming
      .filter(({ times }) => times > 0)
      .map((one) => ({
        on: one.on,
        fault: one.fault,
        delayMs: one.on === 'callback' ? (one.delayMs ?? null) : null,
        times: one.times,
      })),
  )
}

type On = FaultPoint['on']
export type FaultOn<Point extends On> = Extract<FaultPoint, { readonly on: Point }>['fault']

export interface Strike<Kind extends string> {
  readonly fault: Kind
  readonly delayMs: number | null
}

/**
 * Takes the next fault of this point, if there is one and it is among those that can strike now.
 *
 * @param able the faults that make sense here; others wait for their turn
 */
export async function strike<Point extends On, Kind extends FaultOn<Point>>(
  alipay: Alipay,
  on: Point,
  able: readonly Kind[],
): Promise<Strike<Kind> | undefined> {
  const find = (waiting: readonly Waiting[] | undefined): Strike<Kind> | undefined => {
    for (const one of waiting ?? []) {
      const kind = one.on === on ? able.find((kind) => kind === one.fault) : undefined
      if (kind !== undefined) return { fault: kind, delayMs: one.delayMs }
    }
    return undefined
  }
  // Most calls meet no fault, and a read is cheaper than a write.
  if (find(await faults(alipay).get(ALL)) === undefined) return undefined

  return faults(alipay).change(ALL, (waiting) => {
    const struck = find(waiting)
    if (struck === undefined) return { document: waiting, outcome: undefined }
    const first = waiting?.findIndex((one) => one.on === on && one.fault === struck.fault)
    const left = (waiting ?? [])
      .map((one, index) => (index === first ? { ...one, times: one.times - 1 } : one))
      .filter(({ times }) => times > 0)
    return { document: left.length === 0 ? undefined : left, outcome: struck }
  })
}

const ALL = 'all'
