import { encrypt } from '../crypto/aes.ts'
import type { SignType } from '../crypto/rsa.ts'
import { type Spoiling, signature, signerFor } from '../crypto/signer.ts'
import { type Charset, encoded } from '../encoding/charset.ts'
import { hex } from '../numbers.ts'
import type { App } from '../party/apps.ts'
import type { Alipay } from '../settings.ts'
import { MESSAGES, type Members, type Reply } from './refusals.ts'

export interface Envelope {
  /** `alipay_trade_query_response`, or `error_response` for what was not routed. */
  readonly node: string
  readonly charset: Charset
  readonly signType: SignType
  /** Whom it is signed for; an answer to somebody unknown is not signed. */
  readonly app: App | undefined
  /** With which the node is encrypted, if the request was. */
  readonly contentKey: string | undefined
  readonly spoiling: Spoiling
}

/** Writes a reply as the gateway of v2 does: always 200, and HTML by its own account. */
export async function answer(alipay: Alipay, reply: Reply, envelope: Envelope): Promise<Response> {
  const { app, charset, signType, spoiling } = envelope
  // Written once: what is signed are these very characters, `\/` and all.
  const node = await nodeText(reply, envelope)
  const members = [`${JSON.stringify(envelope.node)}:${node}`]
  if (app !== undefined) {
    const signer = signerFor(alipay, app)
    const isMissing = spoiling === 'spoilt' && alipay.settings.badSignature === 'missing'
    if (signer.certificateSn !== undefined) {
      // It has been seen on either side of the node.
      const sn = `"alipay_cert_sn":"${signer.certificateSn}"`
      if ((alipay.random.bytes(1)[0] ?? 0) % 2 === 0) members.push(sn)
      else members.unshift(sn)
    }
    const sign = await signature(signer, encoded(charset, node), signType, spoiling)
    if (!isMissing) members.push(`"sign":${JSON.stringify(sign)}`)
  }
  return new Response(encoded(charset, `{${members.join(',')}}`), {
    headers: {
      'Content-Type': `text/html;charset=${charset}`,
      trace_id: hex(alipay.random, 15),
    },
  })
}

export function describe({ code, subCode, subMessage, members, old }: Reply): Members {
  if (old === true && code === '10000') return members
  return {
    code,
    msg: MESSAGES[code],
    ...(subCode !== undefined && { sub_code: subCode }),
    ...(subMessage !== undefined && { sub_msg: subMessage }),
    ...members,
  }
}

/** What a proxy in front of Alipay says when nobody is behind it. */
export function htmlAnswer(): Response {
  return new Response('<html><body><h1>502 Bad Gateway</h1></body></html>', {
    status: 502,
    headers: { 'Content-Type': 'text/html' },
  })
}

/** The first half of an answer's body under the headers of the whole. */
export async function truncated(whole: Response): Promise<Response> {
  const bytes = new Uint8Array(await whole.arrayBuffer())
  return new Response(bytes.slice(0, Math.floor(bytes.length / 2)), {
    status: whole.status,
    headers: whole.headers,
  })
}

async function nodeText(reply: Reply, { contentKey }: Envelope): Promise<string> {
  const plain = escaped(JSON.stringify(describe(reply)))
  return contentKey === undefined
    ? plain
    : escaped(JSON.stringify(await encrypt(contentKey, plain)))
}

/** A slash stands in JSON only inside strings, where it may be escaped; Alipay does so. */
function escaped(json: string): string {
  return json.replaceAll('/', '\\/')
}
