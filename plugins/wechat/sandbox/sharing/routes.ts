import type { Route } from '../routes.ts'
import { queryMaxRatio, querySplit, queryUnsplit } from './query.ts'
import { addReceiver, deleteReceiver } from './receivers.ts'
import { querySplitReturn, takeBackShare } from './returns.ts'
import { split, unfreeze } from './split.ts'

/** Who may receive is no operation on a payment: faults of splits do not strike there. */
export const SHARING_ROUTES: readonly Route[] = [
  {
    method: 'POST',
    path: /^\/v3\/profitsharing\/receivers\/add$/,
    operation: undefined,
    handle: addReceiver,
  },
  {
    method: 'POST',
    path: /^\/v3\/profitsharing\/receivers\/delete$/,
    operation: undefined,
    handle: deleteReceiver,
  },
  {
    method: 'POST',
    path: /^\/v3\/profitsharing\/orders$/,
    operation: 'split',
    handle: split,
  },
  {
    method: 'POST',
    path: /^\/v3\/profitsharing\/orders\/unfreeze$/,
    operation: 'split',
    handle: unfreeze,
  },
  {
    method: 'GET',
    path: /^\/v3\/profitsharing\/orders\/([^/]+)$/,
    operation: 'query_split',
    notFound: 'split_unknown',
    handle: querySplit,
  },
  {
    method: 'POST',
    path: /^\/v3\/profitsharing\/return-orders$/,
    operation: 'split',
    handle: takeBackShare,
  },
  {
    method: 'GET',
    path: /^\/v3\/profitsharing\/return-orders\/([^/]+)$/,
    operation: 'query_split',
    notFound: 'split_unknown',
    handle: querySplitReturn,
  },
  {
    method: 'GET',
    path: /^\/v3\/profitsharing\/transactions\/([^/]+)\/amounts$/,
    operation: 'query_split',
    notFound: 'split_order_unknown',
    handle: queryUnsplit,
  },
  {
    method: 'GET',
    path: /^\/v3\/profitsharing\/merchant-configs\/([^/]+)$/,
    operation: 'query_split',
    handle: queryMaxRatio,
  },
]
