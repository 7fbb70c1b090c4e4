import type { AccountId, AppId } from '../../../core/ids.ts'
import { findAccount, openPassage } from '../../../core/merchant/accounts.ts'
import { type Command, refused, Wrong } from './command.ts'

export const passage: Command = {
  usage: '--app <appId> --way <way> --account <accountId> --fee <0.6%>',
  does: 'lets an app take a way through an account, at a fee; a way has one account at a time',
  options: {
    app: { type: 'string' },
    way: { type: 'string' },
    account: { type: 'string' },
    fee: { type: 'string' },
  },
  async run({ core, print }, given) {
    const appId = given.option('app') as AppId
    const way = given.option('way')
    const accountId = given.option('account') as AccountId
    const feePartsPerMillion = partsPerMillion(given.option('fee'))
    const id = (await findAccount(core, accountId))?.channel
    const manifest = id === undefined ? undefined : core.channels.get(id)?.manifest
    if (id === undefined) throw new Wrong(`there is no account ${accountId}`)
    const offered = [
      ...Object.keys(manifest?.ways ?? {}),
      ...Object.keys(manifest?.transfers ?? {}).map((entry) => `${id}:${entry}`),
    ]
    if (!offered.includes(way)) {
      throw new Wrong(`${id} has no way ${way}; it has ${offered.join(' ')}`)
    }
    const opened = await openPassage(core, { appId, way, accountId, feePartsPerMillion })
    if (!opened.ok) throw refused(opened.refusal, REFUSALS)
    print(`${way} goes through ${accountId}`)
  },
}

const REFUSALS = {
  account_of_another:
    "there is no such app, or the account is not its merchant's own: nothing was done",
}

/** `0.6%` is 6,000. */
function partsPerMillion(text: string): number {
  const [, whole, part = ''] = /^(\d{1,2})(?:\.(\d{1,4}))?%$/.exec(text) ?? []
  if (whole === undefined) throw new Wrong(`--fee is a percentage such as 0.6%, not ${text}`)
  return Number(whole) * 10_000 + Number(part.padEnd(4, '0'))
}
