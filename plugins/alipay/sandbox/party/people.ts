/**
 * Accounts that money can be sent to. Every account that looks like one exists; the few below are
 * known by name, or are wrong in a way that somebody may want to try.
 */
export interface Person {
  readonly userId: string
  readonly logonId: string
  readonly name: string
}

const KNOWN: readonly Person[] = [
  { userId: '2088100000000011', logonId: 'zhang@example.com', name: '张三' },
  { userId: '2088100000000012', logonId: '13800000012', name: '李四' },
]

/** There is no such account. */
const NOBODY = ['2088100000000404', 'nobody@example.com', 'openid-nobody']

/** Shares that are sent here asynchronously come to nothing. */
export const REFUSES_SHARES = '2088100000000500'

export function exists(account: string): boolean {
  return !NOBODY.includes(account)
}

/** Whether a name may be that of an account: certainly not when the account is known by another. */
export function mayBeNamed(account: string, name: string): boolean {
  const person = KNOWN.find(({ userId, logonId }) => account === userId || account === logonId)
  return person === undefined || person.name === name
}

/** How a transfer to a bank card ends, by the last four digits of the card. */
export function endOfCard(card: string): 'SUCCESS' | 'FAIL' | 'REFUND' {
  if (card.endsWith('0404')) return 'FAIL'
  return card.endsWith('0500') ? 'REFUND' : 'SUCCESS'
}
