import { defineChannel } from '../../core/plugin/api.ts'
import { callback } from './callback.ts'
import { close } from './close.ts'
import { checkConfig, fields } from './config.ts'
import { manifest } from './manifest.ts'
import { payeeOf } from './mode.ts'
import { payJsapi, payNative } from './pay.ts'
import { query } from './query.ts'
import { queryRefund, refund } from './refund.ts'

/** WeChat Pay. See README.md for what it does and where its settings are found. */
export const wechat = defineChannel({
  manifest,
  config: fields,
  payeeOf,
  checkConfig,
  pay: { WX_NATIVE: payNative, WX_JSAPI: payJsapi },
  query,
  close,
  refund,
  queryRefund,
  callback,
})
