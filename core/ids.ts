import type { Clock, Random } from './ports.ts'

type Id<Kind extends string> = string & { readonly __id: Kind }

export type MerchantNo = Id<'merchant'>
export type AppId = Id<'app'>
export type ServiceProviderNo = Id<'service_provider'>
export type AccountId = Id<'account'>
export type PassageId = Id<'passage'>
/** `P` and 21 digits. */
export type PaymentId = Id<'payment'>
/** What a channel sees as the merchant's order number: unique over all payments and attempts. */
export type AttemptId = Id<'attempt'>
/** `R` and 21 digits. */
export type RefundId = Id<'refund'>
/** `T` and 21 digits: letters and digits alone, since channels take nothing else here. */
export type TransferId = Id<'transfer'>
/** `S` and 21 digits. */
export type SplitId = Id<'split'>
export type SplitReturnId = Id<'split_return'>
export type NotificationId = Id<'notification'>
export type EventId = Id<'event'>
export type InboundCallId = Id<'inbound_call'>

export interface IdSource {
  readonly clock: Pick<Clock, 'now'>
  readonly random: Random
}

export const newPaymentId = (source: IdSource) => `P${timeOrdered(source)}` as PaymentId
export const newRefundId = (source: IdSource) => `R${timeOrdered(source)}` as RefundId
export const newTransferId = (source: IdSource) => `T${timeOrdered(source)}` as TransferId
export const newSplitId = (source: IdSource) => `S${timeOrdered(source)}` as SplitId
export const newSplitReturnId = (source: IdSource) => `B${timeOrdered(source)}` as SplitReturnId
export const newNotificationId = (source: IdSource) => `N${timeOrdered(source)}` as NotificationId
export const newInboundCallId = (source: IdSource) => `I${timeOrdered(source)}` as InboundCallId
export const newEventId = (source: IdSource) => `E${timeOrdered(source)}` as EventId

/** For channels that want a number with changes that are no payment, refund or transfer. */
export const newRequestNumber = (source: IdSource) => `Q${timeOrdered(source)}`

/**
 * The number a channel knows an attempt by. The first one is the payment's own number, so that a
 * merchant finds it in the channel's console under the number that we answered.
 */
export function attemptIdOf(paymentId: PaymentId, attemptNumber: number): AttemptId {
  return (attemptNumber === 1 ? paymentId : `${paymentId}A${attemptNumber}`) as string as AttemptId
}

/**
 * 13 digits of milliseconds and 8 random ones: rows stay in the order of their creation, which
 * keeps index pages hot. Two equal ids in one millisecond meet a unique key, and the write is
 * tried again with another id.
 */
function timeOrdered({ clock, random }: IdSource): string {
  return String(clock.now()).padStart(13, '0') + randomDigits(random, 8)
}

export function randomDigits(random: Random, length: number): string {
  let digits = ''
  while (digits.length < length) {
    // 250 is the largest multiple of 10 in a byte: bytes above it would favour small digits.
    for (const byte of random.bytes(length)) if (byte < 250) digits += String(byte % 10)
  }
  return digits.slice(0, length)
}

const ALPHANUMERIC = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789'

export function randomText(random: Random, length: number): string {
  let text = ''
  while (text.length < length) {
    for (const byte of random.bytes(length)) if (byte < 248) text += ALPHANUMERIC.charAt(byte % 62)
  }
  return text.slice(0, length)
}
