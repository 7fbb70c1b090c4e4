import type { MerchantNo } from '../../../core/ids.ts'
import { changeApp, createApp, hasMerchant } from '../../../core/merchant/merchants.ts'
import { APP_OPTIONS, appChange } from './app-options.ts'
import { type Command, Wrong } from './command.ts'

export const app: Command = {
  usage:
    '--merchant <merchantNo> --name <text> [--late accept|refund|hold] [--replay-window <seconds>|none] [--notifies-every-end yes|no]',
  does: 'makes an app of a merchant and prints its secret, this once',
  options: { merchant: { type: 'string' }, name: { type: 'string' }, ...APP_OPTIONS },
  async run({ core, print }, given) {
    const merchantNo = given.option('merchant') as MerchantNo
    const name = given.option('name')
    const change = appChange(given)
    if (!(await hasMerchant(core, merchantNo)))
      throw new Wrong(`there is no merchant ${merchantNo}`)
    const { appId, appSecret } = await createApp(core, { merchantNo, name, ...change })
    // What making an app knows nothing of.
    if (change.replayWindowMs != null) await changeApp(core, appId, change)
    print(JSON.stringify({ mchNo: merchantNo, appId, appSecret }, null, 2))
  },
}
