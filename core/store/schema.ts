/**
 * The tables. Times are Unix milliseconds, amounts minor units (fen for CNY), text ids sort by time.
 *
 * No foreign keys: rows are never deleted while something refers to them, and each write is one
 * guarded batch, so a reference could only break by a bug that the key would turn into an outage.
 */
import { sql } from 'drizzle-orm'
import {
  customType,
  index,
  integer,
  primaryKey,
  real,
  sqliteTable,
  text,
  uniqueIndex,
} from 'drizzle-orm/sqlite-core'
import type {
  AccountId,
  AppId,
  AttemptId,
  EventId,
  InboundCallId,
  MerchantNo,
  NotificationId,
  PassageId,
  PaymentId,
  RefundId,
  ServiceProviderNo,
  SplitId,
  SplitReturnId,
  TransferId,
} from '../ids.ts'
import { type Minor, minor } from '../money.ts'
import type { LateDecision, LatePolicy, PaymentState, SplitMode } from '../payment/state.ts'
import type { PresentationKind } from '../plugin/api.ts'
import type { RefundState } from '../refund/state.ts'
import type { PaymentSplitState, ShareState, SplitReturnState, SplitState } from '../split/state.ts'
import type { TransferState } from '../transfer/state.ts'

const ms = (name: string) => integer(name)
// Drizzle's own blob column reads through Node's Buffer, which Workers don't have.
const bytes = customType<{ data: Uint8Array<ArrayBuffer>; driverData: Uint8Array<ArrayBuffer> }>({
  dataType: () => 'blob',
})
const minorUnits = (name: string) => integer(name).$type<Minor>()

// ---------------------------------------------------------------------------------------------
// Who: merchants, their apps, and the service providers that act for them

export const merchants = sqliteTable('merchants', {
  merchantNo: text('merchant_no').$type<MerchantNo>().primaryKey(),
  name: text('name').notNull(),
  state: text('state').$type<'active' | 'disabled'>().notNull(),
  createdAtMs: ms('created_at_ms').notNull(),
})

export const apps = sqliteTable(
  'apps',
  {
    appId: text('app_id').$type<AppId>().primaryKey(),
    merchantNo: text('merchant_no').$type<MerchantNo>().notNull(),
    name: text('name').notNull(),
    state: text('state').$type<'active' | 'disabled'>().notNull(),
    /** Compact JWE. */
    secretSealed: text('secret_sealed').notNull(),
    /** Compact JWE of the secret before a rotation: verifies beside the new one until its time. */
    previousSecretSealed: text('previous_secret_sealed'),
    previousSecretUntilMs: ms('previous_secret_until_ms'),
    /** How old a signed request may be, each signature good once; none: not judged, as JeePay. */
    replayWindowMs: ms('replay_window_ms'),
    /** What happens with money that arrives after a payment was closed. */
    latePolicy: text('late_policy').$type<LatePolicy>().notNull().default('accept'),
    /** Also tell the merchant of payments that failed or were closed, which JeePay never does. */
    notifiesEveryEnd: integer('notifies_every_end', { mode: 'boolean' }).notNull().default(false),
    createdAtMs: ms('created_at_ms').notNull(),
  },
  (t) => [index('apps_by_merchant').on(t.merchantNo)],
)

export const serviceProviders = sqliteTable('service_providers', {
  serviceProviderNo: text('service_provider_no').$type<ServiceProviderNo>().primaryKey(),
  name: text('name').notNull(),
  state: text('state').$type<'active' | 'disabled'>().notNull(),
  createdAtMs: ms('created_at_ms').notNull(),
})

// ---------------------------------------------------------------------------------------------
// Through whom: accounts at channels, their versioned settings, and which app may use which way

export const channelAccounts = sqliteTable(
  'channel_accounts',
  {
    accountId: text('account_id').$type<AccountId>().primaryKey(),
    channel: text('channel').notNull(),
    ownerKind: text('owner_kind').$type<'merchant' | 'service_provider'>().notNull(),
    ownerNo: text('owner_no').$type<MerchantNo | ServiceProviderNo>().notNull(),
    /** The service provider's account under which this one is a sub-merchant. */
    providerAccountId: text('provider_account_id').$type<AccountId>(),
    state: text('state').$type<'active' | 'disabled'>().notNull(),
    /** New attempts pin this version. */
    currentVersion: integer('current_version').notNull(),
    createdAtMs: ms('created_at_ms').notNull(),
  },
  (t) => [
    index('channel_accounts_by_owner').on(t.ownerNo),
    index('channel_accounts_by_provider')
      .on(t.providerAccountId)
      .where(sql`provider_account_id is not null`),
  ],
)

/** Never changed once written, but sealed anew: an attempt that pinned a version finds it as it was. */
export const channelConfigs = sqliteTable(
  'channel_configs',
  {
    accountId: text('account_id').$type<AccountId>().notNull(),
    version: integer('version').notNull(),
    /** Compact JWE over the settings as JSON. */
    settingsSealed: text('settings_sealed').notNull(),
    /** Whose money it is under these settings, in the channel's own numbers. */
    payee: text('payee').notNull(),
    createdAtMs: ms('created_at_ms').notNull(),
    /** Set when it is superseded, and nothing open needs it any more. */
    drainedAtMs: ms('drained_at_ms'),
  },
  (t) => [
    primaryKey({ columns: [t.accountId, t.version] }),
    // With the column that it is about: then no row is read, and rows hold long sealed texts.
    index('channel_configs_in_use')
      .on(t.accountId, t.version, t.drainedAtMs)
      .where(sql`drained_at_ms is null`),
  ],
)

export const passages = sqliteTable(
  'passages',
  {
    passageId: text('passage_id').$type<PassageId>().primaryKey(),
    appId: text('app_id').$type<AppId>().notNull(),
    way: text('way').notNull(),
    accountId: text('account_id').$type<AccountId>().notNull(),
    /** 6,000 is 0.6 %. */
    feePartsPerMillion: integer('fee_parts_per_million').notNull(),
    state: text('state').$type<'active' | 'disabled'>().notNull(),
  },
  (t) => [
    uniqueIndex('passages_by_app_and_way').on(t.appId, t.way),
    index('passages_by_account').on(t.accountId),
  ],
)

// ---------------------------------------------------------------------------------------------
// Payments

export const payments = sqliteTable(
  'payments',
  {
    paymentId: text('payment_id').$type<PaymentId>().primaryKey(),
    merchantNo: text('merchant_no').$type<MerchantNo>().notNull(),
    appId: text('app_id').$type<AppId>().notNull(),
    merchantPaymentNo: text('merchant_payment_no').notNull(),
    way: text('way').notNull(),
    channel: text('channel').notNull(),
    state: text('state').$type<PaymentState>().notNull(),
    /** Goes up by one with each accepted fact, and has one event. */
    version: integer('version').notNull(),
    amountMinor: minorUnits('amount_minor').notNull(),
    /** ISO 4217, upper case. */
    currency: text('currency').notNull(),
    /** As the merchant wrote it: JeePay echoes that. */
    currencyAsGiven: text('currency_as_given').notNull(),
    subject: text('subject').notNull(),
    body: text('body').notNull(),
    clientIp: text('client_ip').notNull(),
    notifyUrl: text('notify_url'),
    returnUrl: text('return_url'),
    extParam: text('ext_param'),
    splitMode: text('split_mode').$type<SplitMode>().notNull(),
    feePartsPerMillion: integer('fee_parts_per_million').notNull(),
    feeMinor: minorUnits('fee_minor').notNull(),
    /** Refunds that succeeded, are on their way, or whose end is unknown. Never above the amount. */
    refundReservedMinor: minorUnits('refund_reserved_minor').notNull(),
    /** Refunds that succeeded. */
    refundedMinor: minorUnits('refunded_minor').notNull(),
    refundCount: integer('refund_count').notNull(),
    splitState: text('split_state').$type<PaymentSplitState>().notNull().default('none'),
    /** Shares that succeeded, are on their way, or whose end is unknown, less what was taken back. */
    splitReservedMinor: minorUnits('split_reserved_minor').notNull().default(minor(0)),
    /** When the sweep shares it out by itself. */
    nextSplitAtMs: ms('next_split_at_ms'),
    attemptId: text('attempt_id').$type<AttemptId>().notNull(),
    channelPaymentNo: text('channel_payment_no'),
    payer: text('payer'),
    errorCode: text('error_code'),
    errorMessage: text('error_message'),
    /** By the channel's clock. */
    paidAtMs: ms('paid_at_ms'),
    /** When the channel's word that it is closed reached us. */
    closedAtMs: ms('closed_at_ms'),
    /** Set when money came after the close. */
    lateDecision: text('late_decision').$type<LateDecision>(),
    /** Facts that do not fit stop all further movement of money until an operator has looked. */
    frozenBecause: text('frozen_because'),
    /** JSON: misfits that an operator has judged. The same again is no news. */
    judgedMisfits: text('judged_misfits'),
    createdAtMs: ms('created_at_ms').notNull(),
    expiresAtMs: ms('expires_at_ms').notNull(),
    /** When the sweep looks at it next; none once there is nothing to wait for. */
    nextCheckAtMs: ms('next_check_at_ms'),
    lastCheckAtMs: ms('last_check_at_ms'),
    checkLeaseUntilMs: ms('check_lease_until_ms'),
  },
  (t) => [
    uniqueIndex('payments_by_merchant_payment_no').on(t.merchantNo, t.merchantPaymentNo),
    index('payments_due').on(t.nextCheckAtMs).where(sql`next_check_at_ms is not null`),
    index('payments_to_split').on(t.nextSplitAtMs).where(sql`next_split_at_ms is not null`),
    index('payments_by_merchant_time').on(t.merchantNo, t.createdAtMs),
    index('payments_by_time').on(t.createdAtMs),
    index('payments_by_channel_no')
      .on(t.channelPaymentNo)
      .where(sql`channel_payment_no is not null`),
    index('payments_frozen').on(t.createdAtMs).where(sql`frozen_because is not null`),
    index('payments_held').on(t.createdAtMs).where(sql`late_decision = 'held'`),
  ],
)

/** One try of a payment at one channel. The stamp is written before the first byte leaves. */
export const attempts = sqliteTable(
  'attempts',
  {
    attemptId: text('attempt_id').$type<AttemptId>().primaryKey(),
    paymentId: text('payment_id').$type<PaymentId>().notNull(),
    number: integer('number').notNull(),
    channel: text('channel').notNull(),
    accountId: text('account_id').$type<AccountId>().notNull(),
    configVersion: integer('config_version').notNull(),
    payee: text('payee').notNull(),
    way: text('way').notNull(),
    /** Of the last time it was sent. */
    dispatchedAtMs: ms('dispatched_at_ms').notNull(),
    /** How often it was sent under this number. */
    sends: integer('sends').notNull(),
    /** Until then a runner may still be waiting for the channel's answer. */
    dispatchLeaseUntilMs: ms('dispatch_lease_until_ms'),
    outcome: text('outcome').$type<AttemptOutcome>(),
    presentationKind: text('presentation_kind').$type<PresentationKind>(),
    presentationData: text('presentation_data'),
    errorCode: text('error_code'),
    errorMessage: text('error_message'),
    answeredAtMs: ms('answered_at_ms'),
  },
  (t) => [
    index('attempts_by_payment').on(t.paymentId),
    index('attempts_by_config').on(t.accountId, t.configVersion),
  ],
)

export type AttemptOutcome =
  | 'succeeded'
  | 'requires_action'
  | 'pending'
  | 'failed'
  | 'not_sent'
  | 'unknown'

// ---------------------------------------------------------------------------------------------
// Refunds

export const refunds = sqliteTable(
  'refunds',
  {
    refundId: text('refund_id').$type<RefundId>().primaryKey(),
    paymentId: text('payment_id').$type<PaymentId>().notNull(),
    attemptId: text('attempt_id').$type<AttemptId>().notNull(),
    merchantNo: text('merchant_no').$type<MerchantNo>().notNull(),
    appId: text('app_id').$type<AppId>().notNull(),
    merchantRefundNo: text('merchant_refund_no').notNull(),
    state: text('state').$type<RefundState>().notNull(),
    version: integer('version').notNull(),
    amountMinor: minorUnits('amount_minor').notNull(),
    /** Of the whole payment. */
    paymentAmountMinor: minorUnits('payment_amount_minor').notNull(),
    currency: text('currency').notNull(),
    currencyAsGiven: text('currency_as_given').notNull(),
    reason: text('reason').notNull(),
    clientIp: text('client_ip').notNull(),
    notifyUrl: text('notify_url'),
    extParam: text('ext_param'),
    way: text('way').notNull(),
    channel: text('channel').notNull(),
    accountId: text('account_id').$type<AccountId>().notNull(),
    configVersion: integer('config_version').notNull(),
    payee: text('payee').notNull(),
    channelPaymentNo: text('channel_payment_no').notNull(),
    /** Of the last time it was sent; none for a refund that has yet to be sent the first time. */
    dispatchedAtMs: ms('dispatched_at_ms'),
    sends: integer('sends').notNull(),
    dispatchLeaseUntilMs: ms('dispatch_lease_until_ms'),
    channelRefundNo: text('channel_refund_no'),
    errorCode: text('error_code'),
    errorMessage: text('error_message'),
    /** The channel waits for somebody to act in its console. */
    needsOperator: integer('needs_operator', { mode: 'boolean' }).notNull(),
    /** By the channel's clock. */
    refundedAtMs: ms('refunded_at_ms'),
    createdAtMs: ms('created_at_ms').notNull(),
    nextCheckAtMs: ms('next_check_at_ms'),
    lastCheckAtMs: ms('last_check_at_ms'),
    checkLeaseUntilMs: ms('check_lease_until_ms'),
  },
  (t) => [
    uniqueIndex('refunds_by_merchant_refund_no').on(t.merchantNo, t.merchantRefundNo),
    index('refunds_by_payment').on(t.paymentId),
    index('refunds_due').on(t.nextCheckAtMs).where(sql`next_check_at_ms is not null`),
    index('refunds_by_merchant_time').on(t.merchantNo, t.createdAtMs),
    index('refunds_by_time').on(t.createdAtMs),
    index('refunds_by_config').on(t.accountId, t.configVersion),
    index('refunds_needing_operator').on(t.createdAtMs).where(sql`needs_operator = 1`),
  ],
)

// ---------------------------------------------------------------------------------------------
// Transfers: money out of the merchant's own account at the channel

export const transfers = sqliteTable(
  'transfers',
  {
    transferId: text('transfer_id').$type<TransferId>().primaryKey(),
    merchantNo: text('merchant_no').$type<MerchantNo>().notNull(),
    appId: text('app_id').$type<AppId>().notNull(),
    merchantTransferNo: text('merchant_transfer_no').notNull(),
    state: text('state').$type<TransferState>().notNull(),
    version: integer('version').notNull(),
    amountMinor: minorUnits('amount_minor').notNull(),
    currency: text('currency').notNull(),
    currencyAsGiven: text('currency_as_given').notNull(),
    entry: text('entry').notNull(),
    account: text('account').notNull(),
    accountName: text('account_name'),
    bankName: text('bank_name'),
    description: text('description').notNull(),
    clientIp: text('client_ip').notNull(),
    notifyUrl: text('notify_url'),
    extParam: text('ext_param'),
    /** JSON of the entry's own input: sent again, it must be the same. */
    extra: text('extra').notNull(),
    /** As the merchant wrote it: JeePay echoes that. */
    extraAsGiven: text('extra_as_given'),
    channel: text('channel').notNull(),
    accountId: text('account_id').$type<AccountId>().notNull(),
    configVersion: integer('config_version').notNull(),
    payee: text('payee').notNull(),
    dispatchedAtMs: ms('dispatched_at_ms').notNull(),
    sends: integer('sends').notNull(),
    dispatchLeaseUntilMs: ms('dispatch_lease_until_ms'),
    channelTransferNo: text('channel_transfer_no'),
    /** JSON text for the payee's client. */
    clientData: text('client_data'),
    errorCode: text('error_code'),
    errorMessage: text('error_message'),
    needsOperator: integer('needs_operator', { mode: 'boolean' }).notNull(),
    transferredAtMs: ms('transferred_at_ms'),
    createdAtMs: ms('created_at_ms').notNull(),
    nextCheckAtMs: ms('next_check_at_ms'),
    lastCheckAtMs: ms('last_check_at_ms'),
    checkLeaseUntilMs: ms('check_lease_until_ms'),
  },
  (t) => [
    uniqueIndex('transfers_by_merchant_transfer_no').on(t.merchantNo, t.merchantTransferNo),
    index('transfers_due').on(t.nextCheckAtMs).where(sql`next_check_at_ms is not null`),
    index('transfers_by_merchant_time').on(t.merchantNo, t.createdAtMs),
    index('transfers_by_time').on(t.createdAtMs),
    index('transfers_by_config').on(t.accountId, t.configVersion),
    index('transfers_needing_operator').on(t.createdAtMs).where(sql`needs_operator = 1`),
  ],
)

// ---------------------------------------------------------------------------------------------
// Splits: shares of a payment, sent by the channel to others

/** JeePay's receiver groups; numbered from 100001. */
export const splitGroups = sqliteTable(
  'split_groups',
  {
    groupId: integer('group_id').primaryKey(),
    merchantNo: text('merchant_no').$type<MerchantNo>().notNull(),
    name: text('name').notNull(),
    /** Its receivers share in payments that are split automatically. */
    isAutomatic: integer('is_automatic', { mode: 'boolean' }).notNull(),
    createdAtMs: ms('created_at_ms').notNull(),
  },
  (t) => [index('split_groups_by_merchant').on(t.merchantNo)],
)

/** Who may share; numbered from 800001. */
export const splitReceivers = sqliteTable(
  'split_receivers',
  {
    receiverId: integer('receiver_id').primaryKey(),
    groupId: integer('group_id').notNull(),
    merchantNo: text('merchant_no').$type<MerchantNo>().notNull(),
    appId: text('app_id').$type<AppId>().notNull(),
    channel: text('channel').notNull(),
    accountId: text('account_id').$type<AccountId>().notNull(),
    alias: text('alias').notNull(),
    kind: text('kind').$type<'merchant' | 'person'>().notNull(),
    account: text('account').notNull(),
    name: text('name'),
    relation: text('relation').notNull(),
    relationName: text('relation_name'),
    extInfo: text('ext_info'),
    /** 300,000 is 30 %. */
    sharePartsPerMillion: integer('share_parts_per_million').notNull(),
    state: text('state').$type<'bound' | 'unbound'>().notNull(),
    boundAtMs: ms('bound_at_ms').notNull(),
  },
  (t) => [
    index('split_receivers_by_group').on(t.groupId, t.state),
    index('split_receivers_by_app').on(t.appId, t.channel),
    uniqueIndex('split_receivers_by_account').on(t.accountId, t.groupId, t.kind, t.account),
  ],
)

export const splits = sqliteTable(
  'splits',
  {
    splitId: text('split_id').$type<SplitId>().primaryKey(),
    paymentId: text('payment_id').$type<PaymentId>().notNull(),
    attemptId: text('attempt_id').$type<AttemptId>().notNull(),
    merchantNo: text('merchant_no').$type<MerchantNo>().notNull(),
    appId: text('app_id').$type<AppId>().notNull(),
    state: text('state').$type<SplitState>().notNull(),
    version: integer('version').notNull(),
    amountMinor: minorUnits('amount_minor').notNull(),
    currency: text('currency').notNull(),
    /** SHA-256 over what was asked for: the same again gets this split, other content none. */
    fingerprint: text('fingerprint').notNull(),
    /** Whether what is left is released. */
    finishes: integer('finishes', { mode: 'boolean' }).notNull(),
    notifyUrl: text('notify_url'),
    channel: text('channel').notNull(),
    accountId: text('account_id').$type<AccountId>().notNull(),
    configVersion: integer('config_version').notNull(),
    payee: text('payee').notNull(),
    channelPaymentNo: text('channel_payment_no').notNull(),
    dispatchedAtMs: ms('dispatched_at_ms'),
    sends: integer('sends').notNull(),
    dispatchLeaseUntilMs: ms('dispatch_lease_until_ms'),
    channelSplitNo: text('channel_split_no'),
    errorCode: text('error_code'),
    errorMessage: text('error_message'),
    createdAtMs: ms('created_at_ms').notNull(),
    nextCheckAtMs: ms('next_check_at_ms'),
    lastCheckAtMs: ms('last_check_at_ms'),
    checkLeaseUntilMs: ms('check_lease_until_ms'),
  },
  (t) => [
    index('splits_by_payment').on(t.paymentId),
    index('splits_due').on(t.nextCheckAtMs).where(sql`next_check_at_ms is not null`),
    index('splits_by_merchant_time').on(t.merchantNo, t.createdAtMs),
    index('splits_by_config').on(t.accountId, t.configVersion),
  ],
)

export const splitShares = sqliteTable(
  'split_shares',
  {
    splitId: text('split_id').$type<SplitId>().notNull(),
    /** From 1. */
    number: integer('number').notNull(),
    receiverId: integer('receiver_id').notNull(),
    kind: text('kind').$type<'merchant' | 'person'>().notNull(),
    account: text('account').notNull(),
    name: text('name'),
    relation: text('relation').notNull(),
    relationName: text('relation_name'),
    amountMinor: minorUnits('amount_minor').notNull(),
    state: text('state').$type<ShareState>().notNull(),
    channelShareNo: text('channel_share_no'),
    errorCode: text('error_code'),
    errorMessage: text('error_message'),
    /** Taken back, on its way back, or with an unknown end. Never above the share. */
    returnReservedMinor: minorUnits('return_reserved_minor').notNull(),
  },
  (t) => [primaryKey({ columns: [t.splitId, t.number] })],
)

export const splitReturns = sqliteTable(
  'split_returns',
  {
    splitReturnId: text('split_return_id').$type<SplitReturnId>().primaryKey(),
    splitId: text('split_id').$type<SplitId>().notNull(),
    shareNumber: integer('share_number').notNull(),
    paymentId: text('payment_id').$type<PaymentId>().notNull(),
    merchantNo: text('merchant_no').$type<MerchantNo>().notNull(),
    appId: text('app_id').$type<AppId>().notNull(),
    merchantReturnNo: text('merchant_return_no').notNull(),
    state: text('state').$type<SplitReturnState>().notNull(),
    version: integer('version').notNull(),
    kind: text('kind').$type<'merchant' | 'person'>().notNull(),
    account: text('account').notNull(),
    amountMinor: minorUnits('amount_minor').notNull(),
    currency: text('currency').notNull(),
    description: text('description').notNull(),
    notifyUrl: text('notify_url'),
    channel: text('channel').notNull(),
    accountId: text('account_id').$type<AccountId>().notNull(),
    configVersion: integer('config_version').notNull(),
    payee: text('payee').notNull(),
    channelPaymentNo: text('channel_payment_no').notNull(),
    channelSplitNo: text('channel_split_no').notNull(),
    dispatchedAtMs: ms('dispatched_at_ms').notNull(),
    sends: integer('sends').notNull(),
    dispatchLeaseUntilMs: ms('dispatch_lease_until_ms'),
    channelReturnNo: text('channel_return_no'),
    errorCode: text('error_code'),
    errorMessage: text('error_message'),
    returnedAtMs: ms('returned_at_ms'),
    createdAtMs: ms('created_at_ms').notNull(),
    nextCheckAtMs: ms('next_check_at_ms'),
    lastCheckAtMs: ms('last_check_at_ms'),
    checkLeaseUntilMs: ms('check_lease_until_ms'),
  },
  (t) => [
    uniqueIndex('split_returns_by_merchant_return_no').on(t.merchantNo, t.merchantReturnNo),
    index('split_returns_by_split').on(t.splitId),
    index('split_returns_due').on(t.nextCheckAtMs).where(sql`next_check_at_ms is not null`),
  ],
)

// ---------------------------------------------------------------------------------------------
// What happened, what is to be told, what was told to us

export type SubjectKind = 'payment' | 'refund' | 'transfer' | 'split' | 'split_return'
export type SubjectId = PaymentId | RefundId | TransferId | SplitId | SplitReturnId
export type FactSource = 'request' | 'answer' | 'callback' | 'query' | 'sweep' | 'operator'

/** One row for each version of a payment or refund, with what made it so. Only ever appended. */
export const events = sqliteTable(
  'events',
  {
    eventId: text('event_id').$type<EventId>().primaryKey(),
    subjectKind: text('subject_kind').$type<SubjectKind | 'endpoint' | 'notification'>().notNull(),
    subjectId: text('subject_id').$type<SubjectId>().notNull(),
    version: integer('version').notNull(),
    kind: text('kind').notNull(),
    source: text('source').$type<FactSource>().notNull(),
    /** The fact and how it came to us, as JSON; redacted. */
    evidence: text('evidence').notNull(),
    atMs: ms('at_ms').notNull(),
  },
  (t) => [
    uniqueIndex('events_by_subject_version').on(t.subjectId, t.version),
    index('events_by_time').on(t.atMs),
  ],
)

/** Notifications. Written in the same batch as the state they tell of; at most one of a kind. */
export const outbox = sqliteTable(
  'outbox',
  {
    notificationId: text('notification_id').$type<NotificationId>().primaryKey(),
    merchantNo: text('merchant_no').$type<MerchantNo>().notNull(),
    appId: text('app_id').$type<AppId>().notNull(),
    subjectKind: text('subject_kind').$type<SubjectKind>().notNull(),
    subjectId: text('subject_id').$type<SubjectId>().notNull(),
    kind: text('kind').$type<NotificationKind>().notNull(),
    url: text('url').notNull(),
    /** JSON of what is told, as it stood at that version. Put in a merchant's words when it is sent. */
    snapshot: text('snapshot').notNull(),
    state: text('state').$type<'waiting' | 'delivered' | 'exhausted'>().notNull(),
    tries: integer('tries').notNull(),
    nextTryAtMs: ms('next_try_at_ms').notNull(),
    tryLeaseUntilMs: ms('try_lease_until_ms'),
    createdAtMs: ms('created_at_ms').notNull(),
    deliveredAtMs: ms('delivered_at_ms'),
  },
  (t) => [
    uniqueIndex('outbox_by_subject_and_kind').on(t.subjectId, t.kind),
    index('outbox_due').on(t.nextTryAtMs).where(sql`state = 'waiting'`),
    index('outbox_exhausted').on(t.createdAtMs).where(sql`state = 'exhausted'`),
    index('outbox_by_merchant_time').on(t.merchantNo, t.createdAtMs),
  ],
)

export type NotificationKind =
  | 'payment.succeeded'
  | 'payment.failed'
  | 'payment.closed'
  | 'refund.succeeded'
  | 'refund.failed'
  | 'transfer.succeeded'
  | 'transfer.failed'
  | 'transfer.closed'
  | 'split.finished'
  | 'split.failed'
  | 'split_return.succeeded'
  | 'split_return.failed'

export const deliveries = sqliteTable(
  'deliveries',
  {
    notificationId: text('notification_id').$type<NotificationId>().notNull(),
    /** From 1. */
    number: integer('number').notNull(),
    startedAtMs: ms('started_at_ms').notNull(),
    endedAtMs: ms('ended_at_ms'),
    status: integer('status'),
    /** The first characters of what the merchant answered. */
    answer: text('answer'),
    problem: text('problem'),
  },
  (t) => [primaryKey({ columns: [t.notificationId, t.number] })],
)

/**
 * Breakers of merchants' addresses: one that fails again and again is tried less often, so that its
 * tries do not take the place of others'.
 */
export const endpoints = sqliteTable(
  'endpoints',
  {
    appId: text('app_id').$type<AppId>().notNull(),
    /** Scheme, host and port. */
    origin: text('origin').notNull(),
    /** In a row; any accepted try sets it back. */
    failures: integer('failures').notNull(),
    firstFailedAtMs: ms('first_failed_at_ms'),
    lastFailedAtMs: ms('last_failed_at_ms'),
    /** Until then no try is made but one that asks whether it is back. */
    openUntilMs: ms('open_until_ms'),
    /** It answered 410: told no more until an operator says so. */
    goneAtMs: ms('gone_at_ms'),
  },
  (t) => [
    primaryKey({ columns: [t.appId, t.origin] }),
    index('endpoints_open').on(t.openUntilMs).where(sql`open_until_ms is not null`),
    index('endpoints_gone').on(t.goneAtMs).where(sql`gone_at_ms is not null`),
  ],
)

/** Callbacks as they came, stored before anything is believed. */
export const inboundCalls = sqliteTable(
  'inbound_calls',
  {
    inboundCallId: text('inbound_call_id').$type<InboundCallId>().primaryKey(),
    channel: text('channel').notNull(),
    /** What the route named: an attempt, a refund or an account. */
    reference: text('reference').notNull(),
    method: text('method').notNull(),
    url: text('url').notNull(),
    headers: text('headers').notNull(),
    body: bytes('body').notNull(),
    receivedAtMs: ms('received_at_ms').notNull(),
    verdict: text('verdict').$type<'accepted' | 'unverifiable' | 'malformed' | 'mismatched'>(),
    dedupeKey: text('dedupe_key'),
  },
  (t) => [
    index('inbound_calls_by_reference').on(t.reference, t.receivedAtMs),
    index('inbound_calls_by_time').on(t.receivedAtMs),
    index('inbound_calls_unverifiable').on(t.receivedAtMs).where(sql`verdict = 'unverifiable'`),
  ],
)

// ---------------------------------------------------------------------------------------------
// Requests that may come again, and settings

/** Backs "the same request again gives the same answer", for every kind of numbered request. */
export const idempotency = sqliteTable(
  'idempotency',
  {
    merchantNo: text('merchant_no').$type<MerchantNo>().notNull(),
    scope: text('scope')
      .$type<'payment' | 'refund' | 'transfer' | 'split' | 'split_return'>()
      .notNull(),
    key: text('key').notNull(),
    /** SHA-256 over what the request asked for. */
    fingerprint: text('fingerprint').notNull(),
    subjectId: text('subject_id').$type<SubjectId>().notNull(),
    /** JSON of the data that was answered; none while the first answer is still to come. */
    answer: text('answer'),
    createdAtMs: ms('created_at_ms').notNull(),
  },
  (t) => [primaryKey({ columns: [t.merchantNo, t.scope, t.key] })],
)

/** Signatures seen within an app's replay window, where no Redis keeps them. */
export const seenRequests = sqliteTable(
  'seen_requests',
  {
    /** SHA-256 over app and signature. */
    key: text('key').primaryKey(),
    expiresAtMs: ms('expires_at_ms').notNull(),
  },
  (t) => [index('seen_requests_by_expiry').on(t.expiresAtMs)],
)

/** What `/metrics` tells: sums over all isolates, each of which adds what it has counted. */
export const counters = sqliteTable(
  'counters',
  {
    name: text('name').notNull(),
    /** In Prometheus' own text, sorted by name: `channel="wxpay",way="WX_NATIVE"`. */
    labels: text('labels').notNull(),
    value: real('value').notNull(),
  },
  (t) => [primaryKey({ columns: [t.name, t.labels] })],
)

export const settings = sqliteTable('settings', {
  name: text('name').primaryKey(),
  value: text('value').notNull(),
})
