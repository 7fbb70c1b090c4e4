import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { sqldMissing, startSqld } from '../../kit/sqld.ts'
import { openWire } from '../../kit/wire.ts'
import { type PlainAnswer, wireCases } from '../../kit/wire-cases.ts'
import { type RunningWorker, startWorker } from '../../kit/worker.ts'

/** Without nodejs_compat: a `node:` import anywhere below the ports would not start. */
describe('the ports on Workers', () => {
  let worker: RunningWorker

  beforeAll(async () => {
    worker = await startWorker(new URL('./worker.probe.ts', import.meta.url))
  }, 30_000)

  afterAll(() => worker.stop())

  it('tell what happened to a call, and never not_sent once it was made', async () => {
    const wire = await openWire()
    try {
      const cases = wireCases(wire, { connect: false, deadline: false })
      const answers = await Promise.all(
        cases.map(async ({ request }): Promise<PlainAnswer> => {
          const answer = await fetch(worker.url, { method: 'POST', body: JSON.stringify(request) })
          return answer.json() as Promise<PlainAnswer>
        }),
      )
      expect(cases.map(({ name }, index) => ({ name, ...answers[index] }))).toEqual(
        cases.map(({ name, answer }) => expect.objectContaining({ name, ...answer })),
      )
      expect(wire.asked.filter((path) => path === '/good')).toHaveLength(1)
    } finally {
      await wire.close()
    }
  })

  it.skipIf(sqldMissing() !== undefined)('reach a libSQL server over HTTP', async () => {
    const sqld = await startSqld()
    try {
      const answer = await fetch(`${worker.url}/database?url=${encodeURIComponent(sqld.url)}`)
      expect(await answer.json()).toEqual([[[1, 'a']]])
    } finally {
      await sqld.stop()
    }
  })
})
