/**
 * Numbers in the shapes that Alipay gives them. Clients must take them as opaque; the shapes are for
 * people who read logs.
 */
import type { Milliseconds } from '../../../core/plugin/api.ts'
import type { Random } from '../../../core/plugin/simulator.ts'
import { beijingDigits } from './beijing-time.ts'

/** 28 digits with the day in them. */
export function newTradeNo(random: Random, nowMs: Milliseconds): string {
  return `${day(nowMs)}22001${digits(random, 15)}`
}

/** 34 digits with the moment in them. */
export function newNotifyId(random: Random, nowMs: Milliseconds): string {
  return `${day(nowMs)}00222${beijingDigits(nowMs).slice(8)}${digits(random, 15)}`
}

/** 32 digits: of a transfer, of a settlement and of each of its details. */
export function newOrderNo(random: Random, nowMs: Milliseconds): string {
  return `${day(nowMs)}0015${digits(random, 20)}`
}

/** What a payer's client opens. */
export function newQrCode(random: Random): string {
  return `https://qr.alipay.com/bax${digits(random, 5)}${pick(random, LOWER, 16)}`
}

/** 40 characters with the month in them. */
export function newAppAuthToken(random: Random, nowMs: Milliseconds): string {
  return `${day(nowMs).slice(0, 6)}BB${hex(random, 16)}`
}

/** By what a cashier page finds its trade again. */
export function newTicket(random: Random): string {
  return hex(random, 16)
}

export function newUserToken(random: Random): string {
  return `authusrB${hex(random, 16)}`
}

export function hex(random: Random, bytes: number): string {
  return Array.from(random.bytes(bytes), (byte) => byte.toString(16).padStart(2, '0')).join('')
}

export function digits(random: Random, length: number): string {
  return pick(random, '0123456789', length)
}

const LOWER = 'abcdefghijklmnopqrstuvwxyz0123456789'

function day(atMs: Milliseconds): string {
  return beijingDigits(atMs).slice(0, 8)
}

// A remainder favours some characters a little; nothing here has to be unguessable.
function pick(random: Random, alphabet: string, length: number): string {
  return Array.from(random.bytes(length), (byte) => alphabet.charAt(byte % alphabet.length)).join(
    '',
  )
}
