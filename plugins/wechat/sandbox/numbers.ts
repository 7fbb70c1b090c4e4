/**
 * Numbers in the shapes that WeChat gives them. Clients must take them as opaque; the shapes are
 * for people who read logs.
 */
import type { Milliseconds } from '../../../core/plugin/api.ts'
import type { Random } from '../../../core/plugin/simulator.ts'
import { beijingDigits } from './beijing-time.ts'

/** 28 digits with the day in them. */
export function newTransactionId(random: Random, nowMs: Milliseconds): string {
  return `42000${digits(random, 5)}${beijingDigits(nowMs).slice(0, 8)}${digits(random, 10)}`
}

/** 29 digits with the day in them. */
export function newRefundId(random: Random, nowMs: Milliseconds): string {
  return `50${digits(random, 9)}${beijingDigits(nowMs).slice(0, 8)}${digits(random, 10)}`
}

/** 40 digits with the day in them. */
export function newTransferBillNo(random: Random, nowMs: Milliseconds): string {
  return `133${digits(random, 14)}${beijingDigits(nowMs).slice(0, 8)}${digits(random, 15)}`
}

/** What a client opens a transfer with: no more than a text to anybody else. */
export function newPackageInfo(random: Random): string {
  return `ABBQO+oYAAABAAAAAAC${alphanumeric(random, 44)}==`
}

/** 29 digits with the day in them: of a split, and with 36 of one share. */
export function newSplitNumber(random: Random, prefix: '30' | '36', nowMs: Milliseconds): string {
  return `${prefix}00${digits(random, 8)}${beijingDigits(nowMs).slice(0, 8)}${digits(random, 9)}`
}

/** `wx`, day and time, then hexadecimal: 36 characters. */
export function newPrepayId(random: Random, nowMs: Milliseconds): string {
  return `wx${beijingDigits(nowMs).slice(6)}${hex(random, 11)}0000`
}

export function newEventId(random: Random, nowMs: Milliseconds): string {
  return `EV-${beijingDigits(nowMs)}${digits(random, 9)}`
}

/** Its tail is WeChat's internal number for what went wrong, 0 when nothing did. */
export function newRequestId(random: Random, suffix: number): string {
  return `${hex(random, 22).toUpperCase()}-${suffix}`
}

export function digits(random: Random, length: number): string {
  return pick(random, '0123456789', length)
}

export function alphanumeric(random: Random, length: number): string {
  return pick(random, 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789', length)
}

function hex(random: Random, bytes: number): string {
  return Array.from(random.bytes(bytes), (byte) => byte.toString(16).padStart(2, '0')).join('')
}

// A remainder favours some characters a little; nothing here has to be unguessable.
function pick(random: Random, alphabet: string, length: number): string {
  return Array.from(random.bytes(length), (byte) => alphabet.charAt(byte % alphabet.length)).join(
    '',
  )
}
