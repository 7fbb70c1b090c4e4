import type { Broken } from '../../../core/plugin/simulator.ts'
import { downloadBill } from './bill/download.ts'
import { serveCashier } from './cashier/cashier.ts'
import { merchantConsent, payerConsent } from './consent/pages.ts'
import { serveGateway } from './door/gateway.ts'
import { serveRest } from './door/rest.ts'
import type { Alipay } from './settings.ts'

type Serve = (alipay: Alipay, request: Request) => Promise<Response | Broken>

/** By the end of the path: a host may serve all of Alipay under a prefix, and on one port. */
const DOORS: readonly (readonly [RegExp, Serve])[] = [
  [/\/gateway\.do$/, serveGateway],
  [/\/v3\/alipay\//, serveRest],
  [/\/cashier\.htm$/, serveCashier],
  [/\/oauth2\/publicAppAuthorize\.htm$/, payerConsent],
  [/\/oauth2\/appToAppAuth\.htm$/, merchantConsent],
  [/\/downloadBillFile\.resource$/, downloadBill],
]

/** Answers one call to Alipay as Alipay would, or as a fault that was set makes it. */
export async function serve(alipay: Alipay, request: Request): Promise<Response | Broken> {
  const { pathname } = new URL(request.url)
  const door = DOORS.find(([path]) => path.test(pathname))
  return door === undefined ? new Response(null, { status: 404 }) : door[1](alipay, request)
}
