/**
 * What is mutated, and by which tests each mutant has to be found. Only tests that are about the
 * subject: a mutant that nothing but the whole gateway finds is a rule that nobody has written down.
 */
export const SUBJECTS: Readonly<Record<string, readonly string[]>> = {
  'core/money.ts': ['core/money'],
  'core/ids.ts': ['core/ids'],
  'core/sealing/seal.ts': ['core/sealing/seal'],
  'core/limits/window.ts': ['core/limits/window'],
  'core/http/jeepay/parameters.ts': ['core/http/jeepay/parameters'],
  'core/payment/state.ts': ['core/payment/state', 'core/payment/merge'],
  'core/payment/merge.ts': ['core/payment/merge'],
  'core/refund/state.ts': ['core/refund/merge'],
  'core/refund/merge.ts': ['core/refund/merge'],
  'core/refund/plan.ts': ['core/refund/plan'],
  'core/refund/create.ts': ['core/refund/create'],
  'core/transfer/merge.ts': ['core/transfer/merge'],
  'core/split/merge.ts': ['core/split/merge'],
  'core/split/amounts.ts': ['core/split/amounts'],
  'core/signing/equal.ts': ['core/signing/**', 'core/properties/signing'],
  'core/signing/fingerprint.ts': ['core/signing/**', 'core/properties/signing'],
  'core/signing/hex.ts': ['core/signing/**', 'core/properties/signing'],
  'core/signing/jeepay.ts': ['core/signing/jeepay', 'core/properties/signing'],
  'core/signing/token.ts': ['core/properties/signing'],
  'core/signing/standard-webhooks.ts': ['core/signing/standard-webhooks'],
  'core/notification/address.ts': ['core/notification/address'],
  'core/notification/answer.ts': ['core/notification/answer'],
  'core/notification/retry-after.ts': ['core/notification/retry-after'],
  'core/notification/schedule.ts': ['core/notification/schedule'],
  'core/notification/outbox.ts': ['core/notification/outbox'],
  'core/notification/deliver.ts': ['core/notification/try'],
  'core/store/store.ts': ['core/store/guarded-batch'],
  'core/store/guarded.ts': ['core/store/guarded'],
}
