import { alipay } from '../../plugins/alipay/index.ts'
import { createAlipaySimulator } from '../../plugins/alipay/sandbox/index.ts'
import { describeChannel, describeMode, describeProvider } from './conformance.ts'

describeChannel({
  name: 'Alipay',
  plugin: alipay,
  simulate: (ports) => createAlipaySimulator(ports),
})

describeProvider({
  name: 'Alipay, through a service provider',
  plugin: alipay,
  simulate: (ports) => createAlipaySimulator(ports),
})

describeMode({
  name: 'Alipay, by keys and with encrypted content',
  plugin: alipay,
  simulate: (ports) => createAlipaySimulator(ports, { mode: 'key', encryption: 'on' }),
})
