import type { SimulatedOperation } from '../../../core/plugin/simulator.ts'
import { billUrl } from './bill/address.ts'
import { appToken, userToken } from './consent/tokens.ts'
import { downloadCertificate } from './crypto/download.ts'
import type { Handler } from './door/call.ts'
import { accepted, type Refusal, type Reply, refusal } from './door/refusals.ts'
import { queryAccount, queryTransfer } from './fund/query.ts'
import { sendTransfer } from './fund/send.ts'
import { queryRate, querySettle, queryUnsettled } from './split/query.ts'
import { bind, queryRelations, unbind } from './split/relations.ts'
import { settle } from './split/settle.ts'
import { cancel } from './trade/cancel.ts'
import { close } from './trade/close.ts'
import { create } from './trade/create.ts'
import { pay } from './trade/pay.ts'
import { precreate } from './trade/precreate.ts'
import { query } from './trade/query.ts'
import { queryRefund } from './trade/query-refund.ts'
import { refund } from './trade/refund.ts'

/** One interface of the open platform. */
export interface Method {
  readonly handle: Handler
  /** What faults are set on it by. */
  readonly operation?: SimulatedOperation
  /** What a query says that does not know what it knows. */
  readonly notFound?: Reply
  /** The code that this interface's own "system error" has. */
  readonly systemError: Refusal
  /** The verb of v3. */
  readonly rest: 'GET' | 'POST'
  /** Money out is for apps with a certificate alone. */
  readonly certificateOnly?: true
  /** Its parameters stand beside the common ones, not in biz_content. */
  readonly flat?: readonly string[]
}

const trade = { systemError: 'ACQ.SYSTEM_ERROR', rest: 'POST' } as const
const other = { systemError: 'SYSTEM_ERROR', rest: 'POST' } as const
const get = { systemError: 'SYSTEM_ERROR', rest: 'GET' } as const
const NO_TRADE = refusal('ACQ.TRADE_NOT_EXIST')

export const METHODS: Readonly<Record<string, Method>> = {
  'alipay.trade.precreate': { ...trade, operation: 'pay', handle: precreate },
  'alipay.trade.create': { ...trade, operation: 'pay', handle: create },
  'alipay.trade.pay': { ...trade, operation: 'pay', handle: pay },
  'alipay.trade.query': { ...trade, operation: 'query', notFound: NO_TRADE, handle: query },
  'alipay.trade.close': { ...trade, operation: 'close', handle: close },
  'alipay.trade.cancel': { ...trade, operation: 'close', handle: cancel },
  'alipay.trade.refund': { ...trade, operation: 'refund', handle: refund },
  'alipay.trade.fastpay.refund.query': {
    ...trade,
    operation: 'query_refund',
    // This one denies without an error.
    notFound: accepted({}),
    handle: queryRefund,
  },
  'alipay.trade.royalty.relation.bind': { ...other, handle: bind },
  'alipay.trade.royalty.relation.unbind': { ...other, handle: unbind },
  'alipay.trade.royalty.relation.batchquery': { ...other, handle: queryRelations },
  'alipay.trade.royalty.rate.query': { ...get, handle: queryRate },
  'alipay.trade.order.settle': { ...trade, operation: 'split', handle: settle },
  'alipay.trade.order.settle.query': {
    ...get,
    operation: 'query_split',
    notFound: NO_TRADE,
    handle: querySettle,
  },
  'alipay.trade.order.onsettle.query': { ...trade, rest: 'GET', handle: queryUnsettled },
  'alipay.fund.trans.uni.transfer': {
    ...other,
    operation: 'transfer',
    certificateOnly: true,
    handle: sendTransfer,
  },
  'alipay.fund.trans.common.query': {
    ...get,
    operation: 'query_transfer',
    notFound: refusal('ORDER_NOT_EXIST'),
    certificateOnly: true,
    handle: queryTransfer,
  },
  'alipay.fund.account.query': { ...get, certificateOnly: true, handle: queryAccount },
  'alipay.data.dataservice.bill.downloadurl.query': { ...get, operation: 'bill', handle: billUrl },
  'alipay.open.auth.token.app': { ...other, handle: appToken },
  'alipay.open.app.alipaycert.download': { ...other, handle: downloadCertificate },
  'alipay.system.oauth.token': {
    ...other,
    flat: ['grant_type', 'code', 'refresh_token'],
    handle: userToken,
  },
}

export function methodOf(name: string): Method | undefined {
  return Object.hasOwn(METHODS, name) ? METHODS[name] : undefined
}
