import type { MerchantNo } from '../../../core/ids.ts'
import { hasMerchant } from '../../../core/merchant/merchants.ts'
import { createGroup } from '../../../core/split/receivers.ts'
import { type Command, Wrong } from './command.ts'

export const receiverGroup: Command = {
  usage: '--merchant <merchantNo> --name <text> [--automatic]',
  does: 'makes a group of receivers and prints its number; receivers are bound over the API',
  options: {
    merchant: { type: 'string' },
    name: { type: 'string' },
    automatic: { type: 'boolean' },
  },
  async run({ core, print }, given) {
    const merchantNo = given.option('merchant') as MerchantNo
    const name = given.option('name')
    if (!(await hasMerchant(core, merchantNo)))
      throw new Wrong(`there is no merchant ${merchantNo}`)
    print(
      String(await createGroup(core, { merchantNo, name, isAutomatic: given.flag('automatic') })),
    )
  },
}
