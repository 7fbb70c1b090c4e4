import { expect, it } from 'vitest'
import { virtualClock } from '../../kit/clock.ts'
import { runInDeno } from '../../kit/deno.ts'
import { openQstash } from '../../kit/qstash.ts'

it('publishes and verifies with Upstash’s SDK on Deno', async () => {
  const asked: { url: string; signature: string; body: string }[] = []
  const qstash = openQstash('https://qstash.example', virtualClock(Date.now()), async (request) => {
    const signature = request.headers.get('upstash-signature') ?? ''
    asked.push({ url: request.url, signature, body: await request.text() })
    return new Response()
  })
  const target = 'https://pay.example/internal/notifications/N1/2'
  const publish = () =>
    qstash.fetch(
      new Request(`https://qstash.example/v2/publish/${target}`, {
        method: 'POST',
        headers: { authorization: 'Bearer qstash-token' },
      }),
    )
  await publish()
  await qstash.tick()
  qstash.rotate()
  await publish()
  await qstash.tick()
  qstash.rotate()
  await publish()
  await qstash.tick()
  const [first, ...rest] = asked
  const forAnother = { ...first, url: 'https://pay.example/internal/notifications/N1/3' }
  const calls = [first, ...rest, forAnother, { ...first, body: 'x' }]

  const printed = await runInDeno(
    new URL('./qstash-deno.probe.ts', import.meta.url),
    [JSON.stringify({ account: qstash.account, calls })],
    ['env'],
  )
  const { sent, verdicts } = JSON.parse(printed)
  expect(verdicts).toEqual([true, true, false, false, false])
  expect(sent).toMatchObject([
    {
      method: 'POST',
      url: `https://qstash.example/v2/publish/${target}`,
      headers: {
        authorization: 'Bearer qstash-token',
        'upstash-delay': '31s',
        'upstash-deduplication-id': 'N1-2',
        'upstash-retries': '2',
        'upstash-timeout': '30s',
      },
    },
  ])
})
