import { wechat } from '../../plugins/wechat/index.ts'
import { createWechatSimulator } from '../../plugins/wechat/sandbox/index.ts'
import { describeChannel, describeProvider } from './conformance.ts'

const subject = {
  plugin: wechat,
  // RSA is most of what a test like this costs.
  simulate: (ports: Parameters<typeof createWechatSimulator>[0]) =>
    createWechatSimulator(ports, { rsaBits: 1_024 }),
  // Not signed: that nothing was done needs no proof.
  refusal: async (_: unknown, __: unknown, message: string) =>
    Response.json({ code: 'PARAM_ERROR', message }, { status: 400 }),
}

describeChannel({ ...subject, name: 'WeChat Pay' })

describeProvider({
  ...subject,
  name: 'WeChat Pay, through a service provider',
})
