import { assert } from '../../core/result.ts'
import { alipay } from '../../plugins/alipay/index.ts'
import { createAlipaySimulator } from '../../plugins/alipay/sandbox/index.ts'
import { describeChannel, describeMode } from './conformance.ts'

describeChannel({
  name: 'Alipay',
  plugin: alipay,
  simulate: (ports) => createAlipaySimulator(ports),
})

describeMode({
  name: 'Alipay, through a service provider',
  plugin: alipay,
  simulate: (ports) => createAlipaySimulator(ports),
  async settings(simulator) {
    const [below] = (await simulator.cast?.())?.belowProvider ?? []
    assert(below !== undefined, 'there is a merchant below a provider')
    return below
  },
})

describeMode({
  name: 'Alipay, by keys and with encrypted content',
  plugin: alipay,
  simulate: (ports) => createAlipaySimulator(ports, { mode: 'key', encryption: 'on' }),
})
