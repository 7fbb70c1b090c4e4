import { describe, expect, it } from 'vitest'
import { jsonLog } from '../../../edge/ports/json-log.ts'
import { boundedMemory, systemClock, systemRandom } from '../../../edge/ports/system.ts'

describe('the clock', () => {
  it('is the machine’s, and sleeps', async () => {
    const before = Date.now()
    await systemClock.sleep(2)
    expect(systemClock.now()).toBeGreaterThan(before)
  })
})

describe('random bytes', () => {
  it('are as many as asked for, and others each time', () => {
    const [one, other] = [systemRandom.bytes(32), systemRandom.bytes(32)]
    expect([one.length, other.length]).toEqual([32, 32])
    expect(one).not.toEqual(other)
  })
})

describe('the memory of an isolate', () => {
  it('forgets what was not asked for the longest', () => {
    const memory = boundedMemory(2)
    memory.set('a', 1)
    memory.set('b', 2)
    memory.get('a')
    memory.set('c', 3)
    expect(['a', 'b', 'c'].map((key) => memory.get(key))).toEqual([1, undefined, 3])
  })

  it('counts a key that is set again once', () => {
    const memory = boundedMemory(2)
    memory.set('a', 1)
    memory.set('b', 2)
    memory.set('a', 3)
    memory.set('c', 4)
    expect(['a', 'b', 'c'].map((key) => memory.get(key))).toEqual([3, undefined, 4])
  })

  it('forgets what it is told to', () => {
    const memory = boundedMemory(2)
    memory.set('a', 1)
    memory.delete('a')
    expect(memory.get('a')).toBeUndefined()
  })
})

describe('the log', () => {
  function logged(write: (log: ReturnType<typeof jsonLog>) => void) {
    const lines: [string, string][] = []
    write(jsonLog({ now: () => 1_700_000_000_000 }, 'info', (...line) => lines.push(line)))
    return lines
  }

  it('is one JSON object a line', () => {
    expect(
      logged((log) =>
        log.write('warn', 'two\nlines', { paymentId: 'P1', tries: 2, way: undefined }),
      ),
    ).toEqual([
      [
        'warn',
        '{"time":"2023-11-14T22:13:20.000Z","level":"warn","message":"two\\nlines","paymentId":"P1","tries":2}',
      ],
    ])
  })

  it('lets no field take the place of its own', () => {
    const [line] = logged((log) => log.write('error', 'true', { level: 'info', message: 'false' }))
    expect(JSON.parse(line?.[1] ?? '')).toMatchObject({ level: 'error', message: 'true' })
  })

  it('leaves out what is below its level', () => {
    const lines = logged((log) => {
      log.write('debug', 'no')
      log.write('info', 'yes')
    })
    expect(lines).toHaveLength(1)
  })
})
