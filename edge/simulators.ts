// Made from plugins.manifest.json by `npm run registry`; not to be edited.
import type { Simulator, SimulatorPorts } from '../core/plugin/simulator.ts'
import { createAlipaySimulator as alipay } from '../plugins/alipay/sandbox/index.ts'
import { createWechatSimulator as wxpay } from '../plugins/wechat/sandbox/index.ts'

/** Opens the simulator of each channel that has one, by the channel's id. Sandbox mode only. */
export const simulators: Readonly<Record<string, (ports: SimulatorPorts) => Simulator>> = {
  alipay,
  wxpay,
}
