import { ok, type Result, refuse, type TransferInput } from '../../core/plugin/api.ts'
import { kindOfAccount } from './account.ts'
import { manifest } from './manifest.ts'

export type Entry = keyof typeof manifest.transfers

/** Alipay's product and scene for each entry: part of a transfer, and of the question about it. */
export const PRODUCTS = {
  ALIPAY_CASH: { product_code: 'TRANS_ACCOUNT_NO_PWD', biz_scene: 'DIRECT_TRANSFER' },
  BANK_CARD: { product_code: 'TRANS_BANKCARD_NO_PWD', biz_scene: 'DIRECT_TRANSFER' },
} as const satisfies Record<Entry, object>

const IDENTITY_TYPES = {
  user_id: 'ALIPAY_USER_ID',
  login_name: 'ALIPAY_LOGON_ID',
  open_id: 'ALIPAY_OPEN_ID',
} as const

export interface Payee {
  readonly entry: Entry
  /** The `payee_info` of a transfer. */
  readonly info: object
}

/**
 * Who is paid, in Alipay's words.
 *
 * @returns a refusal that says what is missing
 */
export function payeeOfTransfer(input: TransferInput): Result<Payee, string> {
  switch (input.entry) {
    case 'ALIPAY_CASH':
      return accountHolder(input)
    case 'BANK_CARD':
      return cardHolder(input)
    default:
      return refuse(`alipay has no entry ${input.entry}`)
  }
}

/** What the transfer is for, where Alipay wants to know. */
export function sceneOf({ extra }: TransferInput): object {
  const scene = manifest.transfers.ALIPAY_CASH.input.safeParse(extra)
  const name = scene.success ? scene.data.transferSceneName : undefined
  return name === undefined ? {} : { transfer_scene_name: name }
}

function accountHolder({ account, accountName }: TransferInput): Result<Payee, string> {
  const kind = kindOfAccount(account)
  // Alipay compares the two, and without a name anybody's typing error is a stranger's money.
  if (kind === 'login_name' && accountName === undefined) {
    return refuse('Alipay wants accountName with a login name')
  }
  return ok({
    entry: 'ALIPAY_CASH',
    info: {
      identity: account,
      identity_type: IDENTITY_TYPES[kind],
      ...(accountName !== undefined && { name: accountName }),
    },
  })
}

function cardHolder({
  account,
  accountName,
  bankName,
  extra,
}: TransferInput): Result<Payee, string> {
  if (accountName === undefined) return refuse('Alipay wants accountName with a bank card')
  const card = manifest.transfers.BANK_CARD.input.safeParse(extra)
  if (!card.success) return refuse('what was given about the bank card does not fit')
  const { accountType, bankCode, bankBranchName, bankProvince, bankCity } = card.data
  return ok({
    entry: 'BANK_CARD',
    info: {
      identity: account,
      identity_type: 'BANKCARD_ACCOUNT',
      name: accountName,
      bankcard_ext_info: {
        account_type: accountType,
        ...(bankName !== undefined && { inst_name: bankName }),
        ...(bankBranchName !== undefined && { inst_branch_name: bankBranchName }),
        ...(bankProvince !== undefined && { inst_province: bankProvince }),
        ...(bankCity !== undefined && { inst_city: bankCity }),
        ...(bankCode !== undefined && { bank_code: bankCode }),
      },
    },
  })
}
