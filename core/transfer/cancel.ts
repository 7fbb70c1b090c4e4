import type { Core } from '../core.ts'
import { runOperation } from '../plugin/host.ts'
import { ok, type Result, refuse } from '../result.ts'
import { bindChannel } from '../routing/directory.ts'
import type { TransferRow } from './apply.ts'
import { isTransferOnItsWay, pinnedConfigOfTransfer, type TransferCase } from './case.ts'
import { askTransfer } from './check.ts'

export type CancelRefusal =
  | { readonly code: 'not_open' }
  | { readonly code: 'on_its_way' }
  | { readonly code: 'channel_cannot_cancel' }
  | { readonly code: 'channel_refused'; readonly message: string }
  | { readonly code: 'unknown' }

/**
 * Asks the channel to take a transfer back before its payee has taken it. That the channel accepts
 * this is not the end: the transfer is closed when the channel says so.
 */
export async function cancelTransfer(
  core: Core,
  kase: TransferCase,
): Promise<Result<TransferRow, CancelRefusal>> {
  const { transfer } = kase
  if (transfer.state !== 'created' && transfer.state !== 'pending') {
    return refuse({ code: 'not_open' })
  }
  if (isTransferOnItsWay(transfer, core.ports.clock.now())) return refuse({ code: 'on_its_way' })
  const channel = await bindChannel(core, pinnedConfigOfTransfer(kase))
  const cancel = channel.transfer?.cancel
  if (cancel === undefined) return refuse({ code: 'channel_cannot_cancel' })
  const { transferId, entry } = transfer
  const { outcome } = await runOperation(
    core,
    channel,
    { operation: 'cancel_transfer', accountId: transfer.accountId, transferId },
    (ports) => cancel(ports, { transferId, entry }),
  )
  switch (outcome.kind) {
    case 'accepted':
      return ok((await askTransfer(core, kase, channel, 'request')).transfer)
    case 'refused':
      return refuse({ code: 'channel_refused', message: outcome.error.message })
    case 'not_sent':
      return refuse({ code: 'channel_refused', message: outcome.reason })
    case 'unknown':
      return refuse({ code: 'unknown' })
  }
}
