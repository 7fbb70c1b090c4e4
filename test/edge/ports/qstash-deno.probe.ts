// Runs in Deno: sets the timer once, and verifies what it is given with the SDK's receiver.
import type { HttpRequest } from '../../../core/ports.ts'
import { qstashTimer } from '../../../edge/ports/qstash.ts'

const { account, calls } = JSON.parse(process.argv[2] ?? '{}')
const sent: HttpRequest[] = []
const timer = qstashTimer(account, 'https://pay.example', {
  clock: { now: () => 1_000 },
  http: {
    async send(request) {
      sent.push(request)
      const body = new TextEncoder().encode('{"messageId":"msg_1"}')
      return { kind: 'answered', status: 201, headers: new Headers(), body }
    },
  },
})
await timer.wake({ notificationId: 'N1' as never, number: 2, atMs: 31_500 })
const verdicts = []
for (const { url, signature, body } of calls) {
  const headers = new Headers({ 'upstash-signature': signature })
  verdicts.push(await timer.verify?.({ url, headers, body }))
}
console.log(JSON.stringify({ sent, verdicts }))
