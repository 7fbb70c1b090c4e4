import type { SimulatorPorts } from '../../core/plugin/simulator.ts'
import { alipay } from '../../plugins/alipay/index.ts'
import { answer } from '../../plugins/alipay/sandbox/door/answers.ts'
import { readParameters } from '../../plugins/alipay/sandbox/door/parameters.ts'
import { refusal } from '../../plugins/alipay/sandbox/door/refusals.ts'
import { createAlipaySimulator } from '../../plugins/alipay/sandbox/index.ts'
import { appOf } from '../../plugins/alipay/sandbox/party/apps.ts'
import { openAlipay } from '../../plugins/alipay/sandbox/settings.ts'
import { describeChannel, describeMode, describeProvider } from './conformance.ts'

const subject = {
  plugin: alipay,
  simulate: (ports: SimulatorPorts) => createAlipaySimulator(ports),
  async refusal(ports: SimulatorPorts, request: Request, text: string) {
    const simulated = openAlipay(ports, {})
    const { fields, charset } = await readParameters(request)
    return answer(simulated, refusal('ACQ.INVALID_PARAMETER', text), {
      node: `${fields.method?.replaceAll('.', '_')}_response`,
      charset,
      signType: 'RSA2',
      app: await appOf(simulated, fields.app_id ?? ''),
      contentKey: undefined,
      spoiling: 'sound',
    })
  },
}

describeChannel({ ...subject, name: 'Alipay' })

describeProvider({ ...subject, name: 'Alipay, through a service provider' })

describeMode({
  ...subject,
  name: 'Alipay, by keys and with encrypted content',
  simulate: (ports) => createAlipaySimulator(ports, { mode: 'key', encryption: 'on' }),
})
