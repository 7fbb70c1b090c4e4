// Runs in workerd: asks a Redis over REST for all that the port has.
import { redisMemory } from '../../../edge/ports/redis.ts'
import { closedCircuit } from '../../../edge/ports/shared-memory.ts'
import { systemClock } from '../../../edge/ports/system.ts'

const circuit = closedCircuit()

// biome-ignore lint/style/noDefaultExport: what workerd wants of a Worker
export default {
  async fetch(_: Request, env: { REDIS_URL: string; REDIS_TOKEN: string }): Promise<Response> {
    const troubles: string[] = []
    const memory = redisMemory(
      { url: env.REDIS_URL, token: env.REDIS_TOKEN },
      {
        clock: systemClock,
        circuit,
        patienceMs: 10_000,
        prefix: `worker-${crypto.randomUUID()}`,
        onTrouble: (reason) => void troubles.push(reason),
      },
    )
    const untilMs = Date.now() + 60_000
    const taken = await memory.take('app:a', 10)
    const first = await memory.keepOnce('k', untilMs)
    const second = await memory.keepOnce('k', untilMs)
    await memory.put('t', 'v 支付', 60_000)
    const got = await memory.get('t')
    const reachable = await memory.isReachable()
    return Response.json({ taken, first, second, got, reachable, troubles })
  },
}
