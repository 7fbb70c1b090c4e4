import type { Route } from '../routes.ts'
import { cancel } from './cancel.ts'
import { createTransfer } from './create.ts'
import { queryTransferByBillNo, queryTransferByNumber } from './query.ts'

export const TRANSFER_ROUTES: readonly Route[] = [
  {
    method: 'POST',
    path: /^\/v3\/fund-app\/mch-transfer\/transfer-bills$/,
    operation: 'transfer',
    handle: createTransfer,
  },
  {
    method: 'GET',
    path: /^\/v3\/fund-app\/mch-transfer\/transfer-bills\/out-bill-no\/([^/]+)$/,
    operation: 'query_transfer',
    notFound: 'transfer_unknown',
    handle: queryTransferByNumber,
  },
  {
    method: 'GET',
    path: /^\/v3\/fund-app\/mch-transfer\/transfer-bills\/transfer-bill-no\/([^/]+)$/,
    operation: 'query_transfer',
    notFound: 'transfer_unknown',
    handle: queryTransferByBillNo,
  },
  {
    method: 'POST',
    path: /^\/v3\/fund-app\/mch-transfer\/transfer-bills\/out-bill-no\/([^/]+)\/cancel$/,
    // A cancellation is set wrong by what sets a close wrong: transfers have no point of their own.
    operation: 'close',
    handle: cancel,
  },
]
