import { MINUTE_MS, ok, type Result, refuse } from '../../../../core/plugin/api.ts'
import { readBeijingTime } from '../beijing-time.ts'
import { readCertificate, rootSn } from '../crypto/certificate.ts'
import { ROOT_CERTIFICATES } from '../crypto/certificates.ts'
import { type SignType, verifies } from '../crypto/rsa.ts'
import { signText } from '../crypto/sign-text.ts'
import { charsetOf, encoded } from '../encoding/charset.ts'
import { type App, appOf, appPublicKey } from '../party/apps.ts'
import { type Seller, sellerOf } from '../party/sellers.ts'
import { grantOf } from '../party/tokens.ts'
import type { Alipay } from '../settings.ts'
import type { Parameters } from './parameters.ts'
import { type Refusal, type Reply, refusal } from './refusals.ts'

/** Who calls, and whose money it is about. */
export interface Caller {
  readonly app: App
  readonly seller: Seller
  /** The app in whose name the merchant authorised; the caller's own without a token. */
  readonly authAppId: string
  readonly signType: SignType
}

export interface TurnedAway {
  readonly reply: Reply
  /** Known from the point on at which answers are signed. */
  readonly app: App | undefined
}

/** How old a call may be. The link to a cashier page is called by a payer, whenever that is. */
export const CALL_AGE_MS = 10 * MINUTE_MS

/**
 * Lets an app in, in the order in which the gateway was seen to look: the app before its signature
 * (probed without credentials, 2026-09-11), the time and the certificate before the rest.
 */
export async function letIn(
  alipay: Alipay,
  parameters: Parameters,
  maxAgeMs: number,
): Promise<Result<Caller, TurnedAway>> {
  const { fields } = parameters
  if (!fields.app_id) return refuse({ reply: refusal('isv.missing-app-id'), app: undefined })
  const app = await appOf(alipay, fields.app_id)
  if (app === undefined) return refuse({ reply: refusal('isv.invalid-app-id'), app: undefined })

  const turned = (why: Refusal, detail?: string) => refuse({ reply: refusal(why, detail), app })
  const problem = formProblem(alipay, parameters, maxAgeMs) ?? certificateProblem(app, fields)
  if (problem !== undefined) return turned(problem)
  const signType: SignType = fields.sign_type === 'RSA' ? 'RSA' : 'RSA2'
  if (signType === 'RSA' && alipay.settings.legacyRsa === 'refused') {
    return turned('isv.missing-signature-config')
  }
  const signed = signText(fields)
  const message = encoded(parameters.charset, signed)
  if (!(await verifies(appPublicKey(app), message, fields.sign ?? '', signType))) {
    return turned('isv.invalid-signature', `网关生成的验签字符串为：${asHtml(signed)}`)
  }

  const party = await partyOf(alipay, app, fields.app_auth_token)
  return party.ok ? ok({ app, signType, ...party.value }) : turned(party.refusal)
}

/** The merchant that a call is for. */
export async function partyOf(
  alipay: Alipay,
  app: App,
  token: string | undefined,
): Promise<Result<Pick<Caller, 'seller' | 'authAppId'>, Refusal>> {
  const grant = token ? await grantOf(alipay, token) : undefined
  if (token) {
    if (grant === undefined || !grant.appIds.includes(app.appId) || grant.revoked) {
      return refuse('aop.invalid-app-auth-token')
    }
    if (alipay.clock.now() >= grant.validUntilMs) return refuse('aop.app-auth-token-time-out')
  }
  const seller = await sellerOf(alipay, grant?.sellerId ?? app.sellerId)
  if (seller === undefined) throw new Error(`the owner of app ${app.appId} is not enrolled`)
  return ok({ seller, authAppId: grant?.authAppId ?? app.appId })
}

const REQUIRED = [
  ['sign_type', 'isv.missing-signature-type'],
  ['sign', 'isv.missing-signature'],
  ['timestamp', 'isv.missing-timestamp'],
  ['version', 'isv.missing-version'],
] as const satisfies readonly (readonly [string, Refusal])[]

function formProblem(
  { clock }: Alipay,
  { fields }: Parameters,
  maxAgeMs: number,
): Refusal | undefined {
  const missing = REQUIRED.find(([name]) => !fields[name])
  if (missing !== undefined) return missing[1]
  if (charsetOf(fields.charset ?? '') === undefined) return 'isv.invalid-charset'
  if (fields.format && fields.format.toUpperCase() !== 'JSON') return 'isv.invalid-format'
  if (fields.version !== '1.0') return 'isv.invalid-parameter'
  if (fields.sign_type !== 'RSA2' && fields.sign_type !== 'RSA') return 'isv.invalid-signature-type'
  const sentAtMs = readBeijingTime(fields.timestamp ?? '')
  if (sentAtMs === undefined) return 'isv.invalid-timestamp'
  const ageMs = clock.now() - sentAtMs
  return ageMs > maxAgeMs || -ageMs > CALL_AGE_MS ? 'isv.invalid-timestamp' : undefined
}

/** An app has one mode: with a certificate it cannot call without, and the other way round. */
function certificateProblem(
  { signing }: App,
  fields: Readonly<Record<string, string>>,
): Refusal | undefined {
  const { app_cert_sn: sn, alipay_root_cert_sn: root } = fields
  if (signing.mode === 'key') return sn ? 'isv.app-cert-not-exist' : undefined
  if (!sn) return 'isv.missing-app-cert-sn'
  if (sn !== readCertificate(signing.certificate).sn) return 'isv.app-cert-not-exist'
  if (!root) return 'isv.missing-alipay-root-cert-sn'
  return root === rootSn(ROOT_CERTIFICATES) ? undefined : 'isv.invalid-alipay-root-cert-sn'
}

/** The gateway shows the text that it has verified in HTML's escapes. */
function asHtml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('"', '&quot;').replaceAll('<', '&lt;')
}
