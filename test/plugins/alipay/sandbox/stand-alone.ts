/**
 * The simulator as a process of its own, for clients that are written in whatever language:
 *
 *   node test/plugins/alipay/sandbox/stand-alone.ts '{"mode":"key"}'
 *
 * The argument, which may be left out, are the options of the simulator. Prints one line of JSON:
 * the address, and the settings of the demo merchant. Forgets everything when it ends.
 */
import { randomBytes } from 'node:crypto'
import {
  type AlipaySimulatorOptions,
  createAlipaySimulator,
} from '../../../../plugins/alipay/sandbox/index.ts'
import { memoryBooks } from '../../../kit/books.ts'
import { serveSimulator } from '../../../kit/serve-simulator.ts'

const CALLBACK_TIMEOUT_MS = 5_000

const options: AlipaySimulatorOptions = JSON.parse(process.argv[2] ?? '{}')
const simulator = createAlipaySimulator(
  {
    clock: {
      now: () => Date.now(),
      sleep: (ms) => new Promise((wake) => setTimeout(wake, ms)),
    },
    random: { bytes: (length) => Uint8Array.from(randomBytes(length)) },
    books: memoryBooks(),
    // Whoever cannot be reached has not acknowledged, and is told again.
    callback: (request) =>
      fetch(request, { signal: AbortSignal.timeout(CALLBACK_TIMEOUT_MS) }).catch(() => undefined),
  },
  options,
)

const { url } = await serveSimulator(simulator)
console.log(JSON.stringify({ url, settings: await simulator.demoSettings() }))

for (;;) {
  await new Promise((wake) => setTimeout(wake, 1_000))
  await simulator.tick()
}
