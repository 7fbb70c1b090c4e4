import { MINUTE_MS, ok, type Result, refuse } from '../../../../core/plugin/api.ts'
import { readCertificate, rootSn } from '../crypto/certificate.ts'
import { ROOT_CERTIFICATES } from '../crypto/certificates.ts'
import { verifies } from '../crypto/rsa.ts'
import { type App, appOf, appPublicKey } from '../party/apps.ts'
import type { Alipay } from '../settings.ts'
import { type Caller, partyOf, type TurnedAway } from './let-in.ts'
import { type Refusal, refusal } from './refusals.ts'

export interface Knock {
  readonly method: string
  /** Path and query as they stood in the request line: that is what was signed. */
  readonly target: string
  readonly headers: Headers
  readonly body: string
}

interface Claim {
  /** All of `Authorization` between the scheme and the signature, as it was signed. */
  readonly text: string
  readonly fields: Readonly<Record<string, string>>
  readonly sign: string
}

const MAX_AGE_MS = 10 * MINUTE_MS

/** Lets an app in by the header of v3, in the order of v2. */
export async function letInByHeader(
  alipay: Alipay,
  knock: Knock,
): Promise<Result<Caller, TurnedAway>> {
  const stranger = (why: Refusal) => refuse({ reply: refusal(why), app: undefined })
  const claim = readClaim(knock.headers.get('authorization') ?? '')
  // Seen on the live host (2026-09-11): without a header it is the time that is missed.
  if (claim === undefined) return stranger('isv.missing-timestamp')
  const { fields } = claim
  if (!fields.app_id) return stranger('isv.missing-app-id')
  const app = await appOf(alipay, fields.app_id)
  if (app === undefined) return stranger('isv.invalid-app-id')

  const turned = (why: Refusal) => refuse({ reply: refusal(why), app })
  const problem = timeProblem(alipay, fields) ?? certificateProblem(app, claim, knock.headers)
  if (problem !== undefined) return turned(problem)
  const token = knock.headers.get('alipay-app-auth-token') ?? undefined
  const message = new TextEncoder().encode(signedMessage(claim, knock, token))
  if (!(await verifies(appPublicKey(app), message, claim.sign, 'RSA2'))) {
    return turned('isv.invalid-signature')
  }
  const party = await partyOf(alipay, app, token)
  return party.ok ? ok({ app, signType: 'RSA2', ...party.value }) : turned(party.refusal)
}

/** Each line is ended by a line feed; the token's is there only with a token. */
function signedMessage(
  { text }: Claim,
  { method, target, body }: Knock,
  token: string | undefined,
): string {
  const last = token === undefined ? '' : `${token}\n`
  return `${text}\n${method}\n${target}\n${body}\n${last}`
}

function readClaim(header: string): Claim | undefined {
  const [, text, sign] = /^ALIPAY-SHA256withRSA (.*),sign=([^,]*)$/.exec(header) ?? []
  if (text === undefined || sign === undefined) return undefined
  const pairs = text.split(',').map((part) => {
    const cut = part.indexOf('=')
    return [part.slice(0, cut), part.slice(cut + 1)] as const
  })
  return { text, sign, fields: Object.fromEntries(pairs) }
}

function timeProblem({ clock }: Alipay, { timestamp = '', nonce }: Claim['fields']) {
  if (timestamp === '') return 'isv.missing-timestamp' as const
  if (!nonce) return 'isv.invalid-parameter' as const
  const isNear = Math.abs(clock.now() - Number(timestamp)) <= MAX_AGE_MS
  return isNear ? undefined : ('isv.invalid-timestamp' as const)
}

function certificateProblem(
  { signing }: App,
  { fields: { app_cert_sn: sn } }: Claim,
  headers: Headers,
): Refusal | undefined {
  if (signing.mode === 'key') return sn ? 'isv.app-cert-not-exist' : undefined
  if (!sn) return 'isv.missing-app-cert-sn'
  if (sn !== readCertificate(signing.certificate).sn) return 'isv.app-cert-not-exist'
  const root = headers.get('alipay-root-cert-sn')
  if (!root) return 'isv.missing-alipay-root-cert-sn'
  return root === rootSn(ROOT_CERTIFICATES) ? undefined : 'isv.invalid-alipay-root-cert-sn'
}
