import type { AppId } from '../../../core/ids.ts'
import { changeApp } from '../../../core/merchant/merchants.ts'
import { APP_OPTIONS, appChange } from './app-options.ts'
import { type Command, oneOf, Wrong } from './command.ts'

export const appSet: Command = {
  usage:
    '<appId> [--late accept|refund|hold] [--replay-window <seconds>|none] [--notifies-every-end yes|no] [--state active|disabled]',
  does: 'changes what an app wants done with late money, how old its requests may be, what it is told',
  options: { ...APP_OPTIONS, state: { type: 'string' } },
  async run({ core, print }, given) {
    const appId = given.place(0, 'the app') as AppId
    const state = given.optionIfAny('state')
    const change = {
      ...appChange(given),
      ...(state !== undefined && { state: oneOf('--state', ['active', 'disabled'], state) }),
    }
    if (Object.keys(change).length === 0) throw new Wrong('nothing to change was given')
    if (!(await changeApp(core, appId, change))) throw new Wrong(`there is no app ${appId}`)
    print(`app ${appId}: ${JSON.stringify(change)}`)
  },
}
