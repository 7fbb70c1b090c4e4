import { createServiceProvider } from '../../../core/merchant/merchants.ts'
import type { Command } from './command.ts'
import { unlessTaken } from './unless-taken.ts'

export const serviceProvider: Command = {
  usage: '<serviceProviderNo> --name <text>',
  does: 'makes a service provider, whose accounts have merchants below them',
  options: { name: { type: 'string' } },
  async run({ core, print }, given) {
    const serviceProviderNo = given.place(0, 'the number')
    const name = given.option('name')
    await unlessTaken(`service provider ${serviceProviderNo}`, () =>
      createServiceProvider(core, { serviceProviderNo, name }),
    )
    print(serviceProviderNo)
  },
}
