import type { SimulatedOperation } from '../../../core/plugin/simulator.ts'
import { applyAbnormalRefund } from './abnormal-refund.ts'
import { BILL_ROUTES } from './bill/routes.ts'
import type { Handler } from './calls.ts'
import { certificates } from './certificates.ts'
import { close } from './close.ts'
import { prepay } from './prepay.ts'
import { queryByNumber, queryByTransaction } from './query.ts'
import { queryRefund } from './query-refund.ts'
import { refund } from './refund.ts'
import type { Refusal } from './refusals.ts'
import { SHARING_ROUTES } from './sharing/routes.ts'
import { TILL_ROUTES } from './till/routes.ts'
import { TRANSFER_ROUTES } from './transfer/routes.ts'

export interface Route {
  readonly method: 'GET' | 'POST'
  /** Its group is what the handler gets as `captured`. */
  readonly path: RegExp
  readonly handle: Handler
  /** What faults are set on it by. Fetching certificates is no operation of a payment. */
  readonly operation: SimulatedOperation | undefined
  /** What a query says that does not know what it knows. */
  readonly notFound?: Refusal
}

const PRODUCTS = ['jsapi', 'native', 'app', 'h5'] as const

/** A direct merchant's path, and the same for a service provider. */
const MODES = [
  { mode: 'direct', transactions: '/v3/pay/transactions' },
  { mode: 'partner', transactions: '/v3/pay/partner/transactions' },
] as const

const PAYMENTS = MODES.flatMap(({ mode, transactions }): readonly Route[] => [
  ...PRODUCTS.map(
    (product): Route => ({
      method: 'POST',
      path: new RegExp(`^${transactions}/${product}$`),
      operation: 'pay',
      handle: prepay(product, mode),
    }),
  ),
  {
    method: 'GET',
    path: new RegExp(`^${transactions}/out-trade-no/([^/]+)$`),
    operation: 'query',
    notFound: 'order_unknown',
    handle: queryByNumber(mode),
  },
  {
    method: 'GET',
    path: new RegExp(`^${transactions}/id/([^/]+)$`),
    operation: 'query',
    notFound: 'order_unknown',
    handle: queryByTransaction(mode),
  },
  {
    method: 'POST',
    path: new RegExp(`^${transactions}/out-trade-no/([^/]+)/close$`),
    operation: 'close',
    handle: close(mode),
  },
])

const REFUNDS: readonly Route[] = [
  {
    method: 'POST',
    path: /^\/v3\/refund\/domestic\/refunds$/,
    operation: 'refund',
    handle: refund,
  },
  {
    method: 'GET',
    path: /^\/v3\/refund\/domestic\/refunds\/([^/]+)$/,
    operation: 'query_refund',
    notFound: 'refund_unknown',
    handle: queryRefund,
  },
  {
    method: 'POST',
    path: /^\/v3\/refund\/domestic\/refunds\/([^/]+)\/apply-abnormal-refund$/,
    operation: 'refund',
    handle: applyAbnormalRefund,
  },
]

export const ROUTES: readonly Route[] = [
  ...PAYMENTS,
  ...TILL_ROUTES,
  ...REFUNDS,
  ...SHARING_ROUTES,
  ...TRANSFER_ROUTES,
  ...BILL_ROUTES,
  { method: 'GET', path: /^\/v3\/certificates$/, operation: undefined, handle: certificates },
]

export type Found =
  | { readonly route: Route; readonly captured: string }
  | { readonly missing: 404 | 405 }

export function findRoute(method: string, path: string): Found {
  const here = ROUTES.flatMap((route) => {
    const match = route.path.exec(path)
    return match === null ? [] : [{ route, captured: decoded(match[1] ?? '') }]
  })
  const found = here.find(({ route }) => route.method === method)
  if (found !== undefined) return found
  return { missing: here.length === 0 ? 404 : 405 }
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part)
  } catch {
    return part // not percent-encoded UTF-8: no number is written so, and none will be found
  }
}
