import { defineChannel } from '../../core/plugin/api.ts'
import { bills } from './bills.ts'
import { callback } from './callback.ts'
import { close } from './close.ts'
import { payByCode } from './code-pay.ts'
import { checkConfig } from './config.ts'
import { fields } from './fields.ts'
import { identity } from './identity.ts'
import { manifest } from './manifest.ts'
import { payeeOf } from './mode.ts'
import { payApp, payH5, payJsapi, payLite, payNative } from './pay.ts'
import { query } from './query.ts'
import { queryRefund, refund } from './refund.ts'
import { split } from './split.ts'
import { transfer } from './transfer.ts'

/** WeChat Pay. See README.md for what it does and where its settings are found. */
export const wechat = defineChannel({
  manifest,
  config: fields,
  payeeOf,
  checkConfig,
  pay: {
    WX_NATIVE: payNative,
    WX_JSAPI: payJsapi,
    WX_LITE: payLite,
    WX_APP: payApp,
    WX_H5: payH5,
    WX_BAR: payByCode,
  },
  query,
  close,
  refund,
  queryRefund,
  transfer,
  split,
  bills,
  identity,
  callback,
})
