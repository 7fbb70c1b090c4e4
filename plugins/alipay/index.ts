import { defineChannel } from '../../core/plugin/api.ts'
import { bills } from './bills.ts'
import { callback } from './callback.ts'
import { checkConfig } from './check-config.ts'
import { close } from './close.ts'
import { fields, payeeOf } from './config.ts'
import { identity } from './identity.ts'
import { manifest } from './manifest.ts'
import { payByCode } from './pay-code.ts'
import { payInMiniProgram, payInPage } from './pay-inside.ts'
import { payInApp, payOnComputer, payOnPhone } from './pay-local.ts'
import { payByOrderCode, payByQr } from './pay-qr.ts'
import { query } from './query.ts'
import { queryRefund } from './query-refund.ts'
import { refund } from './refund.ts'
import { split } from './split.ts'
import { transfer } from './transfer.ts'

/** Alipay. See README.md for what it does and where its settings are found. */
export const alipay = defineChannel({
  manifest,
  config: fields,
  payeeOf,
  checkConfig,
  pay: {
    ALI_QR: payByQr,
    ALI_OC: payByOrderCode,
    ALI_BAR: payByCode,
    ALI_JSAPI: payInPage,
    ALI_LITE: payInMiniProgram,
    ALI_APP: payInApp,
    ALI_WAP: payOnPhone,
    ALI_PC: payOnComputer,
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
