import * as z from 'zod'
import { DAY_MS } from '../../../../core/plugin/api.ts'
import { hex } from '../numbers.ts'
import type { Alipay } from '../settings.ts'
import { type Shelf, shelf } from '../shelf.ts'

const code = z.discriminatedUnion('kind', [
  /** A payer lets an app know who they are. */
  z.object({ kind: z.literal('user'), appId: z.string(), validUntilMs: z.number() }),
  /** A merchant lets an app act for it. */
  z.object({
    kind: z.literal('app'),
    appId: z.string(),
    authAppId: z.string(),
    sellerId: z.string(),
    validUntilMs: z.number(),
  }),
])

export type Code = z.output<typeof code>

type Given<Kind extends Code['kind']> = Omit<Extract<Code, { readonly kind: Kind }>, 'validUntilMs'>

const codes = ({ books }: Alipay): Shelf<Code> => shelf(books, 'oauth_code', code)

export async function issueCode(
  alipay: Alipay,
  given: Given<'user'> | Given<'app'>,
): Promise<string> {
  const text = hex(alipay.random, 16)
  const validUntilMs = alipay.clock.now() + DAY_MS
  await codes(alipay).put(text, { ...given, validUntilMs })
  return text
}

/** A code is good once, for the app that it was given to. */
export async function redeem<Kind extends Code['kind']>(
  alipay: Alipay,
  text: string,
  { kind, appId }: { readonly kind: Kind; readonly appId: string },
): Promise<Extract<Code, { readonly kind: Kind }> | undefined> {
  const nowMs = alipay.clock.now()
  return codes(alipay).change(text, (current) => {
    const isGood = current?.kind === kind && current.appId === appId && nowMs < current.validUntilMs
    if (!isGood) return { document: current, outcome: undefined }
    return { document: undefined, outcome: current as Extract<Code, { readonly kind: Kind }> }
  })
}
