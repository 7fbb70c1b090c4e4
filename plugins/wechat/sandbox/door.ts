import { MINUTE_MS, ok, type Result, refuse, SECOND_MS } from '../../../core/plugin/api.ts'
import { type Claim, readAuthorization } from './authorization.ts'
import { type Merchant, merchantOf } from './merchants.ts'
import type { Refusal } from './refusals.ts'
import { verifies } from './rsa.ts'
import type { Wechat } from './settings.ts'

export interface Knock {
  readonly method: string
  /** Path and query as they stood in the request line: that is what was signed. */
  readonly target: string
  readonly headers: Headers
  readonly body: Uint8Array<ArrayBuffer>
}

/**
 * Lets a merchant in whose signature is right, in the order in which WeChat was seen to look:
 * headers, form of the Authorization, its age, its signature.
 */
export async function letIn(wechat: Wechat, knock: Knock): Promise<Result<Merchant, Refusal>> {
  const { headers } = knock
  if (!headers.get('user-agent') || !headers.get('accept')) return refuse('no_user_agent')

  const claim = readAuthorization(headers.get('authorization'))
  if (claim === undefined) return refuse('authorization_malformed')

  const ageMs = Math.abs(wechat.clock.now() - Number(claim.timestamp) * SECOND_MS)
  if (ageMs > 5 * MINUTE_MS) return refuse('timestamp_stale')

  const merchant = await merchantOf(wechat, claim.mchid)
  const certificate = merchant?.certificates.find(
    // Some clients send the hexadecimal in lower case.
    ({ serial }) => serial.toUpperCase() === claim.serial.toUpperCase(),
  )
  if (merchant === undefined || certificate === undefined) return refuse('signature_wrong')

  const genuine = await verifies(
    certificate.publicKey,
    signedMessage(knock, claim),
    claim.signature,
  )
  return genuine ? ok(merchant) : refuse('signature_wrong')
}

/** Five lines, each ended by a line feed. The body goes in as its bytes, whatever they are. */
function signedMessage({ method, target, body }: Knock, { timestamp, nonce }: Claim) {
  const head = utf8.encode(`${method}\n${target}\n${timestamp}\n${nonce}\n`)
  const message = new Uint8Array(head.length + body.length + 1)
  message.set(head)
  message.set(body, head.length)
  message[message.length - 1] = LINE_FEED
  return message
}

const LINE_FEED = 0x0a
const utf8 = new TextEncoder()
