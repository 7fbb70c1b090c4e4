import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** A Worker in the real runtime, workerd, bundled as `wrangler deploy` does it. */
export interface RunningWorker {
  readonly url: string
  stop(): Promise<void>
}

/**
 * @param settings what the Worker finds as text in its `env`
 * @param port for a Worker that has to know its own address; any free one when not given
 */
export async function startWorker(
  entry: URL,
  settings: Readonly<Record<string, string>> = {},
  port = 0,
): Promise<RunningWorker> {
  const directory = await mkdtemp(join(tmpdir(), 'tongbao-worker-'))
  // Read when wrangler is loaded, hence before its import. Nothing may leave this machine, and the
  // developer's home directory is no place for the logs of a test.
  Object.assign(process.env, {
    CLOUDFLARE_CF_FETCH_ENABLED: 'false',
    WRANGLER_SEND_METRICS: 'false',
    WRANGLER_LOG_PATH: directory,
  })
  const { unstable_startWorker } = await import('wrangler')
  const worker = await unstable_startWorker({
    name: 'test',
    entrypoint: fileURLToPath(entry),
    // Not the project's wrangler.toml: the Worker under test need not be the gateway.
    config: '',
    compatibilityDate: '2026-08-01',
    bindings: Object.fromEntries(
      Object.entries(settings).map(([name, value]) => [name, { type: 'plain_text', value }]),
    ),
    dev: {
      logLevel: 'none',
      server: { hostname: '127.0.0.1', port },
      inspector: false,
      watch: false,
      persist: false,
    },
  })
  const url = await worker.url
  return {
    url: url.origin,
    async stop() {
      await worker.dispose()
      // wrangler is still writing its log.
      await rm(directory, { recursive: true, force: true, maxRetries: 10 })
    },
  }
}
