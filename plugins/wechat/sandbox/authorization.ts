import * as z from 'zod'

/** What `Authorization: WECHATPAY2-SHA256-RSA2048 …` claims, not yet verified. */
export interface Claim {
  readonly mchid: string
  readonly serial: string
  /** Unix seconds, as sent: the text is part of what is signed. */
  readonly timestamp: string
  readonly nonce: string
  readonly signature: string
}

const SCHEME = 'WECHATPAY2-SHA256-RSA2048'

const parameters = z.object({
  mchid: z.string().min(1).max(32),
  serial_no: z.string().regex(/^[0-9A-Fa-f]{1,64}$/),
  timestamp: z.string().regex(/^\d{1,12}$/),
  nonce_str: z.string().min(1).max(32),
  signature: z.string().min(1),
})

/** @returns undefined when the header is missing or not of the form */
export function readAuthorization(header: string | null): Claim | undefined {
  if (header === null || !header.startsWith(`${SCHEME} `)) return undefined

  // By name: each SDK has an order of its own, and some put a space behind the comma.
  const pairs: Record<string, string> = {}
  for (const part of header.slice(SCHEME.length + 1).split(',')) {
    const pair = /^\s*([a-z_]+)="([^"]*)"\s*$/.exec(part)
    const [, name, value] = pair ?? []
    if (name === undefined || value === undefined || name in pairs) return undefined
    pairs[name] = value
  }

  const parsed = parameters.safeParse(pairs)
  if (!parsed.success) return undefined
  const { mchid, serial_no, timestamp, nonce_str, signature } = parsed.data
  return { mchid, serial: serial_no, timestamp, nonce: nonce_str, signature }
}
