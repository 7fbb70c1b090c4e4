import { createMerchant } from '../../../core/merchant/merchants.ts'
import type { Command } from './command.ts'
import { unlessTaken } from './unless-taken.ts'

export const merchant: Command = {
  usage: '<merchantNo> --name <text>',
  does: 'makes a merchant: M and digits by custom, any new text will do',
  options: { name: { type: 'string' } },
  async run({ core, print }, given) {
    const merchantNo = given.place(0, 'the merchant number')
    const name = given.option('name')
    await unlessTaken(`merchant ${merchantNo}`, () => createMerchant(core, { merchantNo, name }))
    print(merchantNo)
  },
}
