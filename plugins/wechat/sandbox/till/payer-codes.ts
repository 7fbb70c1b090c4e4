import { MINUTE_MS, type Milliseconds } from '../../../../core/plugin/api.ts'
import type { PayerCode, Random } from '../../../../core/plugin/simulator.ts'
import { digits } from '../numbers.ts'

/** What becomes of a payment that is charged with a code, and the two digits that say so. */
const OUTCOMES = {
  paid: { digits: '00', zh: '立即支付', en: 'Pays at once' },
  password: { digits: '01', zh: '等待输入密码', en: 'Asks for the password and waits' },
  password_then_paid: {
    digits: '02',
    zh: '十秒后输入密码',
    en: 'Asks for the password, which is typed in ten seconds',
  },
  password_then_cancelled: {
    digits: '03',
    zh: '十秒后取消支付',
    en: 'Asks for the password, and is put away in ten seconds',
  },
  insufficient_balance: { digits: '04', zh: '余额不足', en: 'Balance too low' },
  card_not_supported: { digits: '05', zh: '不支持的银行卡', en: 'Card not supported' },
  expired: { digits: '06', zh: '付款码已过期', en: 'Code has expired' },
  unreadable: { digits: '07', zh: '付款码无效', en: 'Code is no payment code' },
  system_error_but_paid: {
    digits: '08',
    zh: '系统错误，但已支付',
    en: 'System error, and paid all the same',
  },
  system_error: { digits: '09', zh: '系统错误，未支付', en: 'System error, and not paid' },
  bank_error_but_paid: {
    digits: '10',
    zh: '银行异常，但已支付',
    en: 'Bank error, and paid all the same',
  },
} as const

export type CodeOutcome = keyof typeof OUTCOMES

const NAMES = Object.keys(OUTCOMES) as readonly CodeOutcome[]

/** Ours begin so. Every other code of the right form pays at once, whenever it comes. */
const OURS = '1399'

/** A code with its outcome, and the minute in which a phone shows it, written into it. */
export function newPayerCode(random: Random, outcome: CodeOutcome, nowMs: Milliseconds): string {
  return `${OURS}${OUTCOMES[outcome].digits}${minuteOf(nowMs)}${digits(random, 7)}`
}

/** Codes are new each minute. One that has just changed on the phone is still taken. */
export function listPayerCodes(random: Random, nowMs: Milliseconds): readonly PayerCode[] {
  const validUntilMs = (Math.floor(nowMs / MINUTE_MS) + 2) * MINUTE_MS
  return NAMES.map((outcome) => ({
    code: newPayerCode(random, outcome, nowMs),
    outcome,
    names: { zh: OUTCOMES[outcome].zh, en: OUTCOMES[outcome].en },
    validUntilMs,
  }))
}

/** From so many fen on WeChat asks for the password, whatever the code. */
const PASSWORD_FROM_MINOR = 100_001

export function outcomeOf(code: string, minor: number, nowMs: Milliseconds): CodeOutcome {
  if (!/^1[0-5]\d{16}$/.test(code)) return 'unreadable'
  const outcome = code.startsWith(OURS) ? ourOutcome(code, nowMs) : 'paid'
  return outcome === 'paid' && minor >= PASSWORD_FROM_MINOR ? 'password' : outcome
}

function ourOutcome(code: string, nowMs: Milliseconds): CodeOutcome {
  const minute = code.slice(6, 11)
  if (minute !== minuteOf(nowMs) && minute !== minuteOf(nowMs - MINUTE_MS)) return 'expired'
  return NAMES.find((name) => OUTCOMES[name].digits === code.slice(4, 6)) ?? 'paid'
}

function minuteOf(atMs: Milliseconds): string {
  return String(Math.floor(atMs / MINUTE_MS) % 100_000).padStart(5, '0')
}
