import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { systemRandom } from './ports/system.ts'
import type { DemoApp } from './sandbox/demo.ts'
import { signedFields } from './sandbox/demo-shop.ts'

/** Where a sandbox keeps what is its own: database, master key, and the demo merchant. */
const FOLDER = '.tongbao'

type Environment = Readonly<Record<string, string | undefined>>

/**
 * The environment, and for a sandbox what it can make by itself: a database file and a master key,
 * which stay the same from one boot to the next.
 *
 * Live is the default: only `npm start`, which asks for `--sandbox`, is something else.
 */
export function bootEnvironment(environment: Environment, args: readonly string[]): Environment {
  const byDefault = args.includes('--sandbox') ? 'sandbox' : 'live'
  const mode = environment.TONGBAO_MODE || byDefault
  if (mode !== 'sandbox') return { ...environment, TONGBAO_MODE: mode }
  return {
    ...environment,
    TONGBAO_MODE: mode,
    TONGBAO_DATABASE_URL: environment.TONGBAO_DATABASE_URL || `file:${FOLDER}/gateway.db`,
    TONGBAO_MASTER_KEY: environment.TONGBAO_MASTER_KEY || sandboxKey(),
  }
}

function sandboxKey(): string {
  const path = join(FOLDER, 'master.key')
  if (!existsSync(path)) {
    const base64 = btoa(String.fromCharCode(...systemRandom.bytes(32)))
    writePrivately(path, `sandbox:${base64}\n`)
  }
  return readFileSync(path, 'utf8').trim()
}

/** For its owner alone, also when the file was there with other rights. */
function writePrivately(path: string, text: string): void {
  mkdirSync(FOLDER, { recursive: true, mode: 0o700 })
  writeFileSync(path, text, { mode: 0o600 })
  chmodSync(path, 0o600)
}

/** Says where to go, and leaves the demo merchant where scripts find it. */
export function announce(demo: DemoApp | undefined, publicUrl: string): void {
  if (demo === undefined) {
    console.log(`Tongbao is live at ${publicUrl}`)
    return
  }
  writePrivately(
    join(FOLDER, 'sandbox.json'),
    `${JSON.stringify({ baseUrl: publicUrl, ...demo }, null, 2)}\n`,
  )
  console.log(banner(demo, publicUrl))
}

function banner(demo: DemoApp, publicUrl: string): string {
  const order = signedFields(
    demo,
    {
      mchOrderNo: `FIRST${Date.now()}`,
      wayCode: 'WX_NATIVE',
      amount: 100,
      currency: 'CNY',
      subject: 'First order',
      body: 'First order',
      notifyUrl: `${publicUrl}/sandbox/merchant/notify`,
    },
    Date.now(),
  )
  return `
通宝 Tongbao, sandbox mode: channels are simulated, no money moves.

  Merchant API   ${publicUrl}/api/...
  Play the payer ${publicUrl}/sandbox
  Demo merchant  ${demo.mchNo}, app ${demo.appId} (secret in ${FOLDER}/sandbox.json)

Try it:  npm run demo
Or take a first order by hand (signed, can be sent as often as you like):

curl -s ${publicUrl}/api/pay/unifiedOrder -H 'content-type: application/json' -d '${JSON.stringify(order)}'
`
}
