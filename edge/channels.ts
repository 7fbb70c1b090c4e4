// Made from plugins.manifest.json by `npm run registry`; not to be edited.
import type { AnyChannel } from '../core/plugin/api.ts'
import { alipay } from '../plugins/alipay/index.ts'
import { wechat as wxpay } from '../plugins/wechat/index.ts'

/** The channels that this deployment carries. */
export const channels: readonly AnyChannel[] = [alipay, wxpay]
