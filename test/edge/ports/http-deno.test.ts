import { expect, it } from 'vitest'
import { runInDeno } from '../../kit/deno.ts'
import { openWire } from '../../kit/wire.ts'
import { type PlainAnswer, wireCases } from '../../kit/wire-cases.ts'

it('tells what happened to a call on Deno, and not_sent where the error proves it', async () => {
  const wire = await openWire()
  try {
    // A deadline that passes while Deno connects proves nothing: its error is that of any deadline.
    const cases = wireCases(wire, { connect: true, deadline: false })
    const printed = await runInDeno(
      new URL('./http-deno.probe.ts', import.meta.url),
      [JSON.stringify(cases.map(({ request }) => request))],
      ['net=127.0.0.1'],
    )
    const answers: PlainAnswer[] = JSON.parse(printed)
    expect(cases.map(({ name }, index) => ({ name, ...answers[index] }))).toEqual(
      cases.map(({ name, answer }) => expect.objectContaining({ name, ...answer })),
    )
    expect(printed).not.toContain('of-ours')
    expect(wire.asked.filter((path) => path === '/good')).toHaveLength(1)
  } finally {
    await wire.close()
  }
})
