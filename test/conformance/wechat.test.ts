import { assert } from '../../core/result.ts'
import { wechat } from '../../plugins/wechat/index.ts'
import { createWechatSimulator } from '../../plugins/wechat/sandbox/index.ts'
import { describeChannel, describeMode } from './conformance.ts'

const subject = {
  plugin: wechat,
  // RSA is most of what a test like this costs.
  simulate: (ports: Parameters<typeof createWechatSimulator>[0]) =>
    createWechatSimulator(ports, { rsaBits: 1_024 }),
}

describeChannel({ ...subject, name: 'WeChat Pay' })

describeMode({
  ...subject,
  name: 'WeChat Pay, through a service provider',
  async settings(simulator) {
    const [below] = (await simulator.cast?.())?.belowProvider ?? []
    assert(below !== undefined, 'there is a merchant below a provider')
    return below
  },
})
