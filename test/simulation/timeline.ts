/**
 * All that is to happen, in the order of its time. One thing happens at a time, and the next one
 * only when all that it set going has come to rest; so a history has one order, whatever the machine.
 */
export interface Timeline {
  nowMs(): number
  /** Has something happen `inMs` from now. */
  after(inMs: number, happens: () => void): void
  at(atMs: number, happens: () => void): void
  /** Lets it all happen, up to a time or until nothing more is of interest. */
  runTo(untilMs: number, isOver: () => boolean): Promise<void>
  /** Whether anything is still to happen before a time. */
  isQuietUntil(untilMs: number): boolean
}

interface Happening {
  readonly atMs: number
  readonly order: number
  readonly happens: () => void
}

export function openTimeline(startMs: number): Timeline {
  let nowMs = startMs
  let order = 0
  const heap: Happening[] = []

  function at(atMs: number, happens: () => void): void {
    push(heap, { atMs: Math.max(atMs, nowMs), order: order++, happens })
  }

  return {
    nowMs: () => nowMs,
    at,
    after: (inMs, happens) => at(nowMs + inMs, happens),
    async runTo(untilMs, isOver) {
      for (;;) {
        const [next] = heap
        if (next === undefined || next.atMs > untilMs) break
        pop(heap)
        nowMs = next.atMs
        next.happens()
        await rest()
        if (isOver()) return
      }
      nowMs = Math.max(nowMs, untilMs)
    },
    isQuietUntil: (untilMs) => (heap[0]?.atMs ?? Number.POSITIVE_INFINITY) > untilMs,
  }
}

/** Promises have all gone on as far as they can: the world's doors answer only by the timeline. */
function rest(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}

function isBefore(a: Happening, b: Happening): boolean {
  return a.atMs < b.atMs || (a.atMs === b.atMs && a.order < b.order)
}

function push(heap: Happening[], happening: Happening): void {
  let place = heap.length
  while (place > 0) {
    const above = (place - 1) >> 1
    const parent = heap[above] as Happening
    if (!isBefore(happening, parent)) break
    heap[place] = parent
    place = above
  }
  heap[place] = happening
}

function pop(heap: Happening[]): void {
  const last = heap.pop()
  if (last === undefined || heap.length === 0) return
  let place = 0
  for (;;) {
    let below = place * 2 + 1
    const left = heap[below]
    if (left === undefined) break
    const right = heap[below + 1]
    const smaller = right !== undefined && isBefore(right, left) ? right : left
    if (smaller === right) below++
    if (!isBefore(smaller, last)) break
    heap[place] = smaller
    place = below
  }
  heap[place] = last
}
