import type { AccountId, MerchantNo, ServiceProviderNo } from '../../../core/ids.ts'
import {
  changeSettings,
  createAccount,
  createSubAccount,
  findAccount,
  type SettingsRefusal,
} from '../../../core/merchant/accounts.ts'
import { hasMerchant, hasServiceProvider } from '../../../core/merchant/merchants.ts'
import type { Result } from '../../../core/result.ts'
import { type Command, type Given, type Operator, Wrong } from './command.ts'
import { readSettings } from './read-settings.ts'

export const account: Command = {
  usage:
    '--merchant <merchantNo> --channel <channel> --settings <file|->, or --service-provider <no> --channel …, or --merchant <no> --under <accountId> …',
  does: 'opens an account at a channel; its settings come as JSON from a file or standard input',
  options: {
    merchant: { type: 'string' },
    'service-provider': { type: 'string' },
    under: { type: 'string' },
    channel: { type: 'string' },
    settings: { type: 'string' },
  },
  async run(operator, given) {
    operator.print(taken(await open(operator, given)))
  },
}

async function open(operator: Operator, given: Given): Promise<Result<string, SettingsRefusal>> {
  const { core } = operator
  const under = given.optionIfAny('under') as AccountId | undefined
  const provider = given.optionIfAny('service-provider') as ServiceProviderNo | undefined
  if (provider !== undefined) {
    const channel = given.option('channel')
    const settings = await readSettings(operator, given.option('settings'))
    if (!(await hasServiceProvider(core, provider))) {
      throw new Wrong(`there is no service provider ${provider}`)
    }
    return createAccount(core, { kind: 'service_provider', no: provider }, channel, settings)
  }
  const no = given.option('merchant') as MerchantNo
  const settings = await readSettings(operator, given.option('settings'))
  if (!(await hasMerchant(core, no))) throw new Wrong(`there is no merchant ${no}`)
  if (under === undefined) {
    return createAccount(core, { kind: 'merchant', no }, given.option('channel'), settings)
  }
  if ((await findAccount(core, under))?.ownerKind !== 'service_provider') {
    throw new Wrong(`${under} is no account of a service provider`)
  }
  return createSubAccount(core, no, under, settings)
}

export const settings: Command = {
  usage: '<accountId> --settings <file|->',
  does: 'gives an account other settings, as a new version: new payments use it, older ones keep theirs',
  options: { settings: { type: 'string' } },
  async run(operator, given) {
    const { core, print } = operator
    const accountId = given.place(0, 'the account') as AccountId
    const changed = await readSettings(operator, given.option('settings'))
    if ((await findAccount(core, accountId)) === undefined) {
      throw new Wrong(`there is no account ${accountId}`)
    }
    print(`version ${taken(await changeSettings(core, accountId, changed))}`)
  },
}

/** Problems name settings, never what they hold. */
function taken<Value>(result: Result<Value, SettingsRefusal>): Value {
  if (result.ok) return result.value
  const { refusal } = result
  switch (refusal.code) {
    case 'channel_missing':
      throw new Wrong(`channel ${refusal.channel} is not in this deployment`)
    case 'bad_settings':
      throw new Wrong(`the settings do not fit: ${refusal.problems.join('; ')}`)
  }
}
