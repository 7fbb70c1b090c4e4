import { type Milliseconds, ok, type Result, refuse } from '../../../../core/plugin/api.ts'
import { credit } from '../accounts.ts'
import { plan, unplan } from '../agenda.ts'
import { tell } from '../callbacks.ts'
import { WRONG_NAME } from '../sensitive.ts'
import type { Wechat } from '../settings.ts'
import { payerOf, type Transfer, type TransferEnd, transfers } from './standing.ts'

type State = Transfer['state']
type Refused = { readonly refused?: string }

/** Where a transfer may go from each state by somebody's doing. Everything not listed is refused. */
const MOVES: Readonly<Record<State, readonly State[]>> = {
  ACCEPTED: ['WAIT_USER_CONFIRM', 'CANCELING', 'FAIL', 'SUCCESS'],
  PROCESSING: ['WAIT_USER_CONFIRM', 'CANCELING', 'FAIL', 'SUCCESS'],
  WAIT_USER_CONFIRM: ['TRANSFERING', 'CANCELING', 'FAIL', 'SUCCESS'],
  TRANSFERING: ['SUCCESS', 'FAIL'],
  CANCELING: ['CANCELLED'],
  SUCCESS: [],
  FAIL: [],
  CANCELLED: [],
}

/** The payee opens the transfer and takes the money; it arrives a little later. */
export async function takeTransfer(wechat: Wechat, id: string): Promise<Refused> {
  const moved = await move(wechat, id, 'TRANSFERING', null)
  if (!moved.ok) return { refused: moved.refusal }
  await unplan(wechat, { kind: 'transfer', transferId: id, next: 'expire' })
  const task = { kind: 'transfer', transferId: id, next: 'arrive' } as const
  await plan(wechat, task, wechat.clock.now() + wechat.settings.transferTakesMs)
  return {}
}

/** The merchant wants it back: it is on its way then, not there. */
export async function cancelTransfer(
  wechat: Wechat,
  id: string,
): Promise<Result<Transfer, string>> {
  const moved = await move(wechat, id, 'CANCELING', 'MCH_CANCEL')
  if (!moved.ok) return moved
  await unplan(wechat, { kind: 'transfer', transferId: id, next: 'expire' })
  const task = { kind: 'transfer', transferId: id, next: 'give_back' } as const
  await plan(wechat, task, wechat.clock.now() + wechat.settings.transferTakesMs)
  return moved
}

/** What the clock does to a transfer. */
export async function moveOn(
  wechat: Wechat,
  id: string,
  next: 'offer' | 'arrive' | 'expire' | 'give_back',
): Promise<void> {
  const transfer = await transfers(wechat.books).get(id)
  if (transfer === undefined) return
  switch (next) {
    case 'offer':
      await move(wechat, id, 'WAIT_USER_CONFIRM', null)
      return
    case 'arrive':
      if (transfer.state !== 'TRANSFERING') return
      await (transfer.userName === WRONG_NAME
        ? endTransfer(wechat, id, 'FAIL', 'NAME_NOT_CORRECT')
        : endTransfer(wechat, id, 'SUCCESS'))
      return
    case 'expire':
      // Taken or cancelled meanwhile: then something else ends it.
      if (transfer.state === 'TRANSFERING') return
      await endTransfer(wechat, id, 'FAIL', 'OVERDUE_CLOSE')
      return
    case 'give_back':
      await endTransfer(wechat, id, 'CANCELLED', 'MCH_CANCEL')
  }
}

/** Ends a transfer, gives the money back if it did not arrive, and tells the merchant. */
export async function endTransfer(
  wechat: Wechat,
  id: string,
  end: TransferEnd,
  failReason: string | null = null,
): Promise<Refused> {
  const moved = await move(wechat, id, end, failReason)
  if (!moved.ok) return { refused: moved.refusal }
  const { amountMinor, notifyUrl } = moved.value
  if (end !== 'SUCCESS') await credit(wechat, payerOf(moved.value), 'operation', amountMinor)
  for (const next of ['offer', 'arrive', 'expire', 'give_back'] as const) {
    await unplan(wechat, { kind: 'transfer', transferId: id, next })
  }
  if (notifyUrl !== null) {
    await tell(wechat, { kind: 'transfer', transferId: id, end }, notifyUrl)
  }
  return {}
}

function move(
  wechat: Wechat,
  id: string,
  to: State,
  failReason: string | null,
): Promise<Result<Transfer, string>> {
  const nowMs = wechat.clock.now()
  return transfers(wechat.books).change(id, (transfer) => {
    const plan = planMove(transfer, to, failReason, nowMs)
    return { document: plan.ok ? plan.value : transfer, outcome: plan }
  })
}

/** Pure. */
function planMove(
  transfer: Transfer | undefined,
  to: State,
  failReason: string | null,
  nowMs: Milliseconds,
): Result<Transfer, string> {
  if (transfer === undefined) return refuse('there is no such transfer')
  if (!MOVES[transfer.state].includes(to)) return refuse(`it is ${transfer.state}`)
  return ok({ ...transfer, state: to, failReason, updatedAtMs: nowMs })
}
