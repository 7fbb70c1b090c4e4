import type { Route } from '../routes.ts'
import { cancel } from './cancel.ts'
import { createTransfer } from './create.ts'
import { queryTransferByBillNo, queryTransferByNumber } from './query.ts'

const MODES = [
  { mode: 'direct', bills: '/v3/fund-app/mch-transfer/transfer-bills' },
  { mode: 'partner', bills: '/v3/fund-app/mch-transfer/partner/transfer-bills' },
] as const

export const TRANSFER_ROUTES: readonly Route[] = [
  ...MODES.flatMap(({ mode, bills }): readonly Route[] => [
    {
      method: 'POST',
      path: new RegExp(`^${bills}$`),
      operation: 'transfer',
      handle: createTransfer(mode),
    },
    {
      method: 'GET',
      path: new RegExp(`^${bills}/out-bill-no/([^/]+)$`),
      operation: 'query_transfer',
      notFound: 'transfer_unknown',
      handle: queryTransferByNumber(mode),
    },
    {
      method: 'POST',
      path: new RegExp(`^${bills}/out-bill-no/([^/]+)/cancel$`),
      // A cancellation is set wrong by what sets a close wrong: transfers have no point of their own.
      operation: 'close',
      handle: cancel(mode),
    },
  ]),
  // Providers have no query by WeChat's own number.
  {
    method: 'GET',
    path: /^\/v3\/fund-app\/mch-transfer\/transfer-bills\/transfer-bill-no\/([^/]+)$/,
    operation: 'query_transfer',
    notFound: 'transfer_unknown',
    handle: queryTransferByBillNo,
  },
]
