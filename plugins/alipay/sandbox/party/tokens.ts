import * as z from 'zod'
import { DAY_MS } from '../../../../core/plugin/api.ts'
import { newAppAuthToken } from '../numbers.ts'
import type { Alipay } from '../settings.ts'
import { type Shelf, shelf } from '../shelf.ts'
import { DEMO_SUB_SELLERS } from './sellers.ts'

const grant = z.object({
  /** The service provider's apps that may act. */
  appIds: z.array(z.string()),
  /** For whom: the merchant, and the app in whose name the merchant authorised. */
  authAppId: z.string(),
  sellerId: z.string(),
  refreshToken: z.string(),
  validUntilMs: z.number(),
  revoked: z.boolean(),
})

/** A merchant lets a service provider's app act for it. */
export type Grant = z.output<typeof grant>

export const GRANT_VALID_MS = 365 * DAY_MS
const FOR_EVER_MS = 8_000_000_000_000_000

/** Tokens that exist without having been asked for: two sub-merchants of the demo provider. */
export const DEMO_TOKENS = [
  '202601BBsandbox0000000000000000000000011',
  '202601BBsandbox0000000000000000000000012',
] as const

export async function grantOf(alipay: Alipay, token: string): Promise<Grant | undefined> {
  return (await grants(alipay).get(token)) ?? builtIn(token)
}

export async function issueGrant(
  alipay: Alipay,
  given: Pick<Grant, 'appIds' | 'authAppId' | 'sellerId'>,
): Promise<{ readonly token: string; readonly grant: Grant }> {
  const nowMs = alipay.clock.now()
  const token = newAppAuthToken(alipay.random, nowMs)
  const issued: Grant = {
    ...given,
    refreshToken: newAppAuthToken(alipay.random, nowMs),
    validUntilMs: nowMs + GRANT_VALID_MS,
    revoked: false,
  }
  await grants(alipay).put(token, issued)
  return { token, grant: issued }
}

/** The merchant withdraws: calls with the token are refused from now on. */
export async function revokeGrant(alipay: Alipay, token: string): Promise<void> {
  await grants(alipay).change(token, (current) => {
    const known = current ?? builtIn(token)
    return { document: known && { ...known, revoked: true }, outcome: undefined }
  })
}

export async function grantOfRefreshToken(
  alipay: Alipay,
  refreshToken: string,
): Promise<Grant | undefined> {
  const found = (await grants(alipay).list()).find(
    ({ document }) => document.refreshToken === refreshToken && !document.revoked,
  )
  return found?.document
}

const grants = ({ books }: Alipay): Shelf<Grant> => shelf(books, 'grant', grant)

function builtIn(token: string): Grant | undefined {
  const sellerId = DEMO_SUB_SELLERS.find((_sub, index) => DEMO_TOKENS[index] === token)
  if (sellerId === undefined) return undefined
  return {
    appIds: ['2021000000000008', '2021000000000009'],
    authAppId: `20210000000000${sellerId.slice(-2)}`,
    sellerId,
    refreshToken: '',
    validUntilMs: FOR_EVER_MS,
    revoked: false,
  }
}
