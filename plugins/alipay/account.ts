/**
 * What kind of name an account is called by. Merchants give one text for all of them (JeePay's
 * `accountNo`, `accNo`, `buyerUserId`): user ids are 16 digits from 2088, login names are mail
 * addresses or mobile numbers, and everything else is an open id (reference §1).
 */
export type AccountKind = 'user_id' | 'login_name' | 'open_id'

export function kindOfAccount(account: string): AccountKind {
  if (isUserId(account)) return 'user_id'
  if (/@/.test(account) || /^(?:\+?\d{1,4}-)?\d{6,15}$/.test(account)) return 'login_name'
  return 'open_id'
}

export function isUserId(account: string): boolean {
  return /^2088\d{12}$/.test(account)
}
