// biome-ignore-all lint/suspicious/noTemplateCurlyInString: what is edited is code with templates in it

import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { Worker } from 'node:worker_threads'
import type { CounterpartName } from './counterpart.ts'
import { playedSchema } from './threads.ts'

/** A way to break a law of the core: in a copy of it, and never in what is shipped. */
interface Bite {
  readonly law: string
  readonly change: string
  readonly edits: readonly {
    readonly file: string
    readonly from: string
    readonly to: string
  }[]
}

const BITES: readonly Bite[] = [
  {
    law: '2, one guarded write',
    change: 'the update of a payment names neither version nor states',
    edits: [
      { file: 'core/payment/apply.ts', from: 'eq(payments.version, payment.version),', to: '' },
      {
        file: 'core/payment/apply.ts',
        from: 'inArray(payments.state, [...statesGuarded(payment, next)]),',
        to: '',
      },
      {
        file: 'core/payment/apply.ts',
        from: 'db.run(insertWhere(events, eventRow(eventId, next, change, grounds, core), previousChangedOne)),',
        to: 'db.run(sql`${insertWhere(events, eventRow(eventId, next, change, grounds, core), previousChangedOne)} on conflict do nothing`),',
      },
    ],
  },
  {
    law: '2, one guarded write',
    change: 'the event of a payment follows in a batch of its own',
    edits: [
      {
        file: 'core/payment/apply.ts',
        from: `    db.run(insertWhere(events, eventRow(eventId, next, change, grounds, core), previousChangedOne)),\n    ...(notification`,
        to: `  ])\n  await db.batch([\n    db.run(insertWhere(events, eventRow(eventId, next, change, grounds, core), sql\`1 = 1\`)),\n    ...(notification`,
      },
      {
        file: 'core/payment/apply.ts',
        from: `  const results = await db.batch([\n    db\n      .update(payments)`,
        to: `  await db.batch([\n    db\n      .update(payments)`,
      },
      {
        file: 'core/payment/apply.ts',
        from: `    ...also(next, won),\n    selectWritten`,
        to: `    ...also(next, won),\n  ])\n  const results = await db.batch([\n    selectWritten`,
      },
    ],
  },
  {
    law: '3, the stamp before the first byte',
    change: 'a refund is stamped when its answer is stored',
    edits: [
      {
        file: 'core/refund/create.ts',
        from: `    dispatchedAtMs: nowMs,\n    sends: 1,`,
        to: `    dispatchedAtMs: null,\n    sends: 1,`,
      },
      {
        file: 'core/refund/send.ts',
        from: `.set({ dispatchLeaseUntilMs: null })`,
        to: `.set({ dispatchLeaseUntilMs: null, dispatchedAtMs: clock.now() })`,
      },
    ],
  },
  {
    law: '3, the stamp before the first byte',
    change: 'a payment that is sent again is not stamped again',
    edits: [
      {
        file: 'core/payment/repeat.ts',
        from: `sends: attempt.sends + 1,`,
        to: `sends: attempt.sends,`,
      },
    ],
  },
  {
    law: '4, unknown is not failed',
    change: 'a payment whose end is unknown has failed',
    edits: [
      {
        file: 'core/payment/send.ts',
        from: `    case 'unknown':\n      return { ...about, kind: 'pending' }`,
        to: `      return { ...about, kind: 'pending' }\n    case 'unknown':\n      return { ...about, kind: 'failed', error: { class: 'unmapped', retry: 'never', fault: 'us', code: 'UNKNOWN', message: '' } }`,
      },
    ],
  },
  {
    law: '5, one monotone rule',
    change: 'a failure or a close beats a success',
    edits: [
      {
        file: 'core/payment/state.ts',
        from: `succeeded: [],`,
        to: `succeeded: ['failed', 'closed'],`,
      },
    ],
  },
  {
    law: '5, one monotone rule',
    change: 'what was closed cannot be paid any more',
    edits: [
      {
        file: 'core/payment/state.ts',
        from: `closed: ['failed', 'succeeded'],`,
        to: `closed: ['failed'],`,
      },
    ],
  },
  {
    law: '6, closed with the word of the channel',
    change: 'what has expired is closed without asking',
    edits: [
      {
        file: 'core/payment/close.ts',
        from: `  const channel = await bindChannel(core, pinnedConfig(kase))\n  const ran = await runClose`,
        to: `  if (source === 'sweep') return settle(core, kase, source, { kind: 'closed' }, [])\n  const channel = await bindChannel(core, pinnedConfig(kase))\n  const ran = await runClose`,
      },
    ],
  },
  {
    law: '7, refundable money is set aside in the write',
    change: 'what is left is judged by what was read before the write',
    edits: [
      {
        file: 'core/refund/create.ts',
        from: 'sql`${payments.refundReservedMinor} + ${amountMinor} <= ${payments.amountMinor}`,',
        to: '',
      },
    ],
  },
  {
    law: '7, refundable money is set aside in the write',
    change: 'nothing is set aside before the refund has succeeded',
    edits: [
      {
        file: 'core/refund/create.ts',
        from: 'refundReservedMinor: sql`${payments.refundReservedMinor} + ${amountMinor}`,',
        to: '',
      },
    ],
  },
  {
    law: '9, told if and only if committed',
    change: 'the outbox row is written after the batch',
    edits: [
      {
        file: 'core/payment/apply.ts',
        from: `    ...(notification === undefined ? [] : [db.run(notification.statement)]),\n`,
        to: '',
      },
      {
        file: 'core/payment/apply.ts',
        from: `  const row = last[0]\n`,
        to: `  const row = last[0]\n  if (notification !== undefined) await db.batch([db.run(notification.statement)])\n`,
      },
    ],
  },
  {
    law: '9, told if and only if committed',
    change: 'no sweep looks for notifications whose timer was lost',
    edits: [
      {
        file: 'core/sweep/claim.ts',
        from: `where state = 'waiting' and next_try_at_ms`,
        to: `where state = 'exhausted' and next_try_at_ms`,
      },
    ],
  },
]

/** A channel's own protocol is dearer, and its simulator keeps its word: there not every law can be seen broken. */
const HISTORIES: Readonly<Record<CounterpartName, number>> = {
  model: 2_000,
  wechat: 400,
  alipay: 400,
}
const ROOT = fileURLToPath(new URL('../..', import.meta.url))

/** Breaks each law in a copy of the core, and says which history finds out. */
export async function showTeeth(channel: CounterpartName): Promise<void> {
  const [blunt] = blunted()
  if (blunt !== undefined)
    throw new Error(`this is not in the core as it is, or not once: ${blunt}`)
  for (const bite of BITES) {
    const { seed, what } = await firstFailure(bite, channel)
    const found =
      seed === undefined
        ? `NOT FOUND in ${HISTORIES[channel]} histories`
        : `history ${seed}: ${what}`
    console.log(`law ${bite.law}\n  broken: ${bite.change}\n  found by ${found}`)
    if (seed === undefined) process.exitCode = 1
  }
}

/** Where the core has changed so that a law cannot be broken any more in the way that is written here. */
export function blunted(): readonly string[] {
  return BITES.flatMap(({ change, edits }) =>
    edits
      .filter(({ file, from }) => readFileSync(join(ROOT, file), 'utf8').split(from).length !== 2)
      .map(({ file }) => `${change}: ${file}`),
  )
}

async function firstFailure(
  bite: Bite,
  channel: CounterpartName,
): Promise<{ readonly seed: number | undefined; readonly what: string }> {
  const folder = mkdtempSync(join(tmpdir(), 'bitten-'))
  try {
    for (const part of ['core', 'edge', 'plugins', 'test/kit', 'test/simulation', 'package.json']) {
      cpSync(join(ROOT, part), join(folder, part), { recursive: true })
    }
    symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'))
    for (const { file, from, to } of bite.edits) {
      const path = join(folder, file)
      writeFileSync(path, readFileSync(path, 'utf8').split(from).join(to))
    }
    return await playUntilFailure(join(folder, 'test/simulation/threads.ts'), channel)
  } finally {
    rmSync(folder, { recursive: true })
  }
}

function playUntilFailure(threads: string, channel: CounterpartName) {
  const worker = new Worker(pathToFileURL(threads), { workerData: { channel } })
  let next = 1
  return new Promise<{ seed: number | undefined; what: string }>((resolve, reject) => {
    worker.on('error', reject)
    worker.on('message', (message: unknown) => {
      const [failure] = playedSchema.parse(message).failed
      if (failure !== undefined) return resolve(failure)
      if (next > HISTORIES[channel]) return resolve({ seed: undefined, what: '' })
      worker.postMessage({ from: next, count: 10 })
      next += 10
    })
  }).finally(() => worker.terminate())
}
