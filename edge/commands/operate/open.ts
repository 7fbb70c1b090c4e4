import { existsSync } from 'node:fs'
import type { Core } from '../../../core/core.ts'
import { createGateway } from '../../../core/gateway.ts'
import type { Clock, HttpPort } from '../../../core/ports.ts'
import { gatewaySettings, readBindings, type Settings } from '../../bindings.ts'
import { bootEnvironment } from '../../boot.ts'
import { channels } from '../../channels.ts'
import { fetchPort } from '../../ports/http.ts'
import { watchNodeCalls } from '../../ports/http-node.ts'
import { jsonLog, toStandardError } from '../../ports/json-log.ts'
import { boundedMemory, systemClock, systemRandom } from '../../ports/system.ts'
import { openDatabase } from '../../server.ts'
import { Wrong } from './command.ts'

const SANDBOX = '.tongbao/gateway.db'

/**
 * Opens the deployment that the environment names, or else the sandbox of this folder.
 *
 * It has no public address and sends no notifications: what a command leaves to be done, the
 * gateway that runs on the same database does.
 */
export async function openCore(
  environment: NodeJS.ProcessEnv,
): Promise<{ readonly core: Core; close(): Promise<void> }> {
  const settings = settingsOf(environment)
  const { database, close } = await openDatabase(settings)
  const { clock, http } = await world(settings, database)
  const background: Promise<unknown>[] = []
  const { core } = createGateway({
    channels,
    settings: gatewaySettings(settings),
    ports: {
      clock,
      http,
      database,
      random: systemRandom,
      log: jsonLog(systemClock, 'error', toStandardError),
      memory: boundedMemory(1_000),
      keyRing: settings.keyRing,
      timer: { wake: async () => undefined },
      background: (work) => void background.push(work.catch(() => undefined)),
    },
  })
  return {
    core,
    async close() {
      await Promise.all(background)
      await close()
    },
  }
}

function settingsOf(environment: NodeJS.ProcessEnv): Settings {
  const isNamed = Boolean(environment.TONGBAO_DATABASE_URL)
  if (!isNamed && !existsSync(SANDBOX)) {
    throw new Wrong(
      'TONGBAO_DATABASE_URL is missing, and there is no sandbox here: set it to the database of the gateway',
    )
  }
  const bound = readBindings(
    {
      ...bootEnvironment(environment, isNamed ? [] : ['--sandbox']),
      // Commands make no addresses.
      TONGBAO_PUBLIC_URL: environment.TONGBAO_PUBLIC_URL || 'http://127.0.0.1',
    },
    { files: true },
  )
  if (!bound.ok) throw new Wrong(bound.refusal.line)
  return bound.value
}

/** The time and the channels of the deployment: a sandbox has its own of both. */
async function world(
  { mode, publicUrl }: Settings,
  database: Parameters<typeof createGateway>[0]['ports']['database'],
): Promise<{ readonly clock: Clock; readonly http: HttpPort }> {
  const http = fetchPort(watchNodeCalls())
  if (mode === 'live') return { clock: systemClock, http }
  const { openSandbox } = await import('../../sandbox/sandbox.ts')
  return openSandbox({ clock: systemClock, random: systemRandom, http, database, publicUrl })
}
