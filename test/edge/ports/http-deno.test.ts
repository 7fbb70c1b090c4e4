import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { expect, it } from 'vitest'
import { openWire } from '../../kit/wire.ts'
import { type PlainAnswer, wireCases } from '../../kit/wire-cases.ts'

const DENO = fileURLToPath(new URL('../../../node_modules/.bin/deno', import.meta.url))
const PROBE = fileURLToPath(new URL('./http-deno.probe.ts', import.meta.url))

it('tells what happened to a call on Deno, and not_sent where the error proves it', async () => {
  const wire = await openWire()
  try {
    // A deadline that passes while Deno connects proves nothing: its error is that of any deadline.
    const cases = wireCases(wire, { connect: true, deadline: false })
    const requests = JSON.stringify(cases.map(({ request }) => request))
    const { stdout } = await promisify(execFile)(DENO, [
      'run',
      '--no-prompt',
      '--allow-net=127.0.0.1',
      PROBE,
      requests,
    ])
    const answers: PlainAnswer[] = JSON.parse(stdout)
    expect(cases.map(({ name }, index) => ({ name, ...answers[index] }))).toEqual(
      cases.map(({ name, answer }) => expect.objectContaining({ name, ...answer })),
    )
    expect(stdout).not.toContain('of-ours')
    expect(wire.asked.filter((path) => path === '/good')).toHaveLength(1)
  } finally {
    await wire.close()
  }
})
