import type { AppId } from '../../../core/ids.ts'
import { endPreviousSecret, rotateAppSecret } from '../../../core/merchant/secrets.ts'
import { DAY_MS } from '../../../core/time.ts'
import { type Command, refused, Wrong } from './command.ts'

export const rotateSecret: Command = {
  usage: '<appId> --days <number the old one stays good for>',
  does: 'gives an app a new secret and prints it, this once; the old one verifies beside it until then',
  options: { days: { type: 'string' } },
  async run({ core, print }, given) {
    const appId = given.place(0, 'the app') as AppId
    const days = given.option('days')
    if (!/^\d{1,3}$/.test(days)) throw new Wrong(`--days is a whole number, 0 to 999; not ${days}`)
    const untilMs = core.ports.clock.now() + Number(days) * DAY_MS
    const rotated = await rotateAppSecret(core, appId, untilMs)
    if (!rotated.ok) throw refused(rotated.refusal, REFUSALS)
    const oldSecretUntil = new Date(untilMs).toISOString()
    print(JSON.stringify({ appId, appSecret: rotated.value.appSecret, oldSecretUntil }, null, 2))
  },
}

const REFUSALS = {
  app_not_found: 'there is no such app',
  rotation_under_way: 'its last rotation is not over: end it first with end-old-secret',
  rotated_meanwhile: 'somebody else has just changed its secret: nothing was done',
}

export const endOldSecret: Command = {
  usage: '<appId>',
  does: 'ends a rotation before its time: the old secret verifies nothing any more',
  options: {},
  async run({ core, print }, given) {
    const appId = given.place(0, 'the app') as AppId
    if (!(await endPreviousSecret(core, appId))) throw new Wrong(`app ${appId} has no old secret`)
    print(`app ${appId}: the new secret alone is good`)
  },
}
