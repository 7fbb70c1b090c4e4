import type { Log, LogFields } from '../ports.ts'

const MASK = '(hidden)'

/** Too short to be a secret, and too likely to stand in innocent words; Chinese names have two. */
const WORTH_HIDING = /^(?:.{4,}|[^ -~]{2,})$/s

/** What must not stand in a text, by how it looks, whoever put it there. */
const PATTERNS: readonly RegExp[] = [
  /-----BEGIN [A-Z ]*KEY-----[\s\S]*?(?:-----END [A-Z ]*KEY-----|$)/g,
  // Numbers of mobile phones in mainland China, and of identity cards.
  /(?<![0-9A-Za-z])(?:\+?86[- ]?)?1[3-9]\d{9}(?![0-9A-Za-z])/g,
  /(?<![0-9A-Za-z])[1-9]\d{5}(?:19|20)\d{2}(?:0[1-9]|1[0-2])\d{5}[\dXx](?![0-9A-Za-z])/g,
  // The codes on payers' screens, WeChat's and Alipay's.
  /(?<![0-9A-Za-z])(?:1[0-5]\d{16}|(?:2[5-9]|30)\d{14,22})(?![0-9A-Za-z])/g,
  // A payer as WeChat names them.
  /(?<![0-9A-Za-z_-])o[0-9A-Za-z_-]{27}(?![0-9A-Za-z_-])/g,
]
const DIGITS = /(?<![0-9A-Za-z])\d{15,19}(?![0-9A-Za-z])/g

/**
 * Takes out of a text what it must not tell: keys, phone, identity and card numbers, payers' ids, and
 * whatever is known to be secret here. Texts of channels and errors may quote what we sent them.
 *
 * @param hidden secrets of the account, and what the payer or payee is known by
 */
export function redact(text: string, hidden: readonly string[] = []): string {
  const known = hidden.filter((each) => WORTH_HIDING.test(each))
  const withoutKnown = known.reduce((left, each) => left.replaceAll(each, MASK), text)
  const withoutPatterns = PATTERNS.reduce((left, each) => left.replace(each, MASK), withoutKnown)
  return withoutPatterns.replace(DIGITS, (digits) => (isCardNumber(digits) ? MASK : digits))
}

/** Card numbers end in a check digit after Luhn; numbers of orders seldom do. @see ISO/IEC 7812-1 */
function isCardNumber(digits: string): boolean {
  const sum = [...digits].reverse().reduce((total, digit, at) => {
    const value = Number(digit) * (at % 2 === 1 ? 2 : 1)
    return total + (value > 9 ? value - 9 : value)
  }, 0)
  return sum % 10 === 0
}

/** A log whose texts have been redacted. Ids are texts too, and come through as they are. */
export function redactedLog(log: Log, hidden: readonly string[] = []): Log {
  return {
    write(level, message, fields) {
      log.write(level, redact(message, hidden), fields && redactedFields(fields, hidden))
    },
  }
}

function redactedFields(fields: LogFields, hidden: readonly string[]): LogFields {
  return Object.fromEntries(
    Object.entries(fields).map(([name, value]) => [
      name,
      typeof value === 'string' ? redact(value, hidden) : value,
    ]),
  )
}
