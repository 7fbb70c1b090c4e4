import type { AppId, PaymentId, RefundId, TransferId } from '../../../core/ids.ts'
import { decideHeldMoney } from '../../../core/operator/late-money.ts'
import { lookAtRefund, lookAtTransfer } from '../../../core/operator/look-at.ts'
import { releasePayment } from '../../../core/operator/release.ts'
import { reopenEndpoint } from '../../../core/operator/reopen.ts'
import { type Command, oneOf, refused } from './command.ts'

/** Decisions about one thing of the work list: each says why, and is kept with its note. */

const CHANGED = { changed_meanwhile: 'something came in between: look at it again' }

export const release: Command = {
  usage: '<paymentId> --decision accept|keep --note <why>',
  does: "releases a frozen payment: by the channel's word as it stands, or as it was",
  options: { decision: { type: 'string' }, note: { type: 'string' } },
  async run({ core, print }, given) {
    const paymentId = given.place(0, 'the payment') as PaymentId
    const decision = oneOf('--decision', ['accept', 'keep'], given.option('decision'))
    const released = await releasePayment(core, paymentId, decision, given.option('note'))
    if (!released.ok) throw refused(released.refusal, CHANGED)
    print(`${paymentId} is released, and ${released.value.state}`)
  },
}

export const lateMoney: Command = {
  usage: '<paymentId> --decision accept|refund --note <why>',
  does: 'decides on money that came after the close and is held',
  options: { decision: { type: 'string' }, note: { type: 'string' } },
  async run({ core, print }, given) {
    const paymentId = given.place(0, 'the payment') as PaymentId
    const decision = oneOf('--decision', ['accept', 'refund'], given.option('decision'))
    const decided = await decideHeldMoney(core, paymentId, decision, given.option('note'))
    if (!decided.ok) throw refused(decided.refusal, CHANGED)
    print(`${paymentId}: the late money is ${decided.value.lateDecision}`)
  },
}

export const lookAt: Command = {
  usage: '<refundId|transferId> --note <why>',
  does: 'marks a refund or transfer as seen to; the channel is asked about it at once',
  options: { note: { type: 'string' } },
  async run({ core, print }, given) {
    const id = given.place(0, 'the refund or transfer')
    const note = given.option('note')
    const looked = id.startsWith('T')
      ? await lookAtTransfer(core, id as TransferId, note)
      : await lookAtRefund(core, id as RefundId, note)
    if (!looked.ok) throw refused(looked.refusal)
    print(`${id} is asked about by the next sweep`)
  },
}

export const reopen: Command = {
  usage: '<appId> <origin> --note <why>',
  does: "opens a merchant's address again that was gone or failing",
  options: { note: { type: 'string' } },
  async run({ core, print }, given) {
    const appId = given.place(0, 'the app') as AppId
    const origin = given.place(1, 'the address: scheme, host and port')
    const reopened = await reopenEndpoint(core, { appId, origin }, given.option('note'))
    if (!reopened.ok) throw refused(reopened.refusal)
    print(`${origin} is told again`)
  },
}
