import type { Route } from '../routes.ts'
import { codepay } from './codepay.ts'
import { reverseV3 } from './reverse.ts'

export const TILL_ROUTES: readonly Route[] = [
  {
    method: 'POST',
    path: /^\/v3\/pay\/transactions\/codepay$/,
    operation: 'pay',
    handle: codepay('direct'),
  },
  {
    method: 'POST',
    path: /^\/v3\/pay\/partner\/transactions\/codepay$/,
    operation: 'pay',
    handle: codepay('partner'),
  },
  {
    method: 'POST',
    path: /^\/v3\/pay\/transactions\/out-trade-no\/([^/]+)\/reverse$/,
    operation: 'close',
    handle: reverseV3('direct'),
  },
  {
    method: 'POST',
    path: /^\/v3\/pay\/partner\/transactions\/out-trade-no\/([^/]+)\/reverse$/,
    operation: 'close',
    handle: reverseV3('partner'),
  },
]
