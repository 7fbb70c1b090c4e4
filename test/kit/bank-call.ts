import { z } from 'zod'
import type { ChannelPorts, ConfigFields, ConfigOf, Unknown } from '../../core/plugin/api.ts'

const nothing = { zh: '', en: '' }

export const config = {
  merchant: {
    kind: 'text',
    scope: 'merchant',
    label: { zh: '商户', en: 'merchant' },
    hint: nothing,
    required: true,
  },
  key: {
    kind: 'secret',
    scope: 'merchant',
    label: { zh: '密钥', en: 'key' },
    hint: nothing,
    required: true,
  },
  branch: {
    kind: 'text',
    scope: 'sub_merchant',
    label: { zh: '特约商户', en: 'sub-merchant' },
    hint: nothing,
    required: false,
  },
} as const satisfies ConfigFields

export type BankConfig = ConfigOf<typeof config>

/** A sub-merchant below a merchant, or the merchant itself. */
export function payeeOf({ merchant, branch }: BankConfig): string {
  return branch === undefined ? merchant : `${merchant}/${branch}`
}

const share = z.object({
  kind: z.enum(['merchant', 'person']),
  account: z.string(),
  amount: z.number(),
  state: z.enum(['pending', 'paid', 'failed']),
})

export const answerSchema = z.object({
  result: z.enum(['ok', 'not_found', 'refused', 'already_paid', 'declined', 'busy', 'error']),
  state: z
    .enum(['unpaid', 'paid', 'closed', 'failed', 'pending', 'waiting', 'finished'])
    .optional(),
  number: z.string().optional(),
  amount: z.number().optional(),
  payee: z.string().optional(),
  channelNo: z.string().optional(),
  atMs: z.number().optional(),
  qr: z.string().optional(),
  user: z.string().optional(),
  shares: z.array(share).optional(),
})
export type BankAnswer = z.output<typeof answerSchema>

export async function call(
  { http }: ChannelPorts,
  config: BankConfig,
  operation: string,
  body: Readonly<Record<string, unknown>>,
): Promise<BankAnswer | Unknown | { readonly kind: 'not_sent'; readonly reason: string }> {
  const answer = await http.send({
    method: 'POST',
    url: `https://bank.example/${operation}`,
    headers: { 'bank-key': config.key },
    body: JSON.stringify({ ...body, payee: payeeOf(config) }),
    timeoutMs: 5_000,
  })
  if (answer.kind !== 'answered') return answer
  if (answer.status !== 200) return { kind: 'unknown', evidence: `status ${answer.status}` }
  return answerSchema.parse(JSON.parse(new TextDecoder().decode(answer.body)))
}
