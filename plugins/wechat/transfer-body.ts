import {
  type ChannelPorts,
  ok,
  type Result,
  refuse,
  type TransferInput,
} from '../../core/plugin/api.ts'
import type { WechatConfig } from './config.ts'
import { cutTo } from './cut-text.ts'
import { transferInput } from './inputs.ts'
import { signer } from './mode.ts'
import { openSealer } from './sensitive.ts'

/** From this amount on, WeChat pays out to nobody without a name to compare. */
const NAMED_FROM_FEN = 200_000
const REMARK_CHARACTERS = 32

/** The body of the call that sends, and the key that the payee's name in it is encrypted with. */
export async function transferCallOf(
  ports: ChannelPorts,
  config: WechatConfig,
  input: TransferInput,
): Promise<Result<{ readonly body: object; readonly keyId?: string }, string>> {
  const name = await nameOf(ports, config, input)
  if (!name.ok) return name
  // Parsed at the door already, by the same schema; once more for its type.
  const { transferSceneId, transferSceneReportInfos } = transferInput.parse(input.extra)
  const body = {
    ...signer(config),
    out_bill_no: input.transferId,
    transfer_scene_id: transferSceneId,
    openid: input.account,
    ...name.value.members,
    transfer_amount: input.amount.minor,
    transfer_remark: cutTo(input.description, REMARK_CHARACTERS),
    notify_url: input.callbackUrl,
    transfer_scene_report_infos: transferSceneReportInfos.map(({ infoType, infoContent }) => ({
      info_type: infoType,
      info_content: infoContent,
    })),
  }
  const { keyId } = name.value
  return ok({ body, ...(keyId !== undefined && { keyId }) })
}

/** A name that is given is always sent: WeChat then pays to nobody else. */
async function nameOf(
  ports: ChannelPorts,
  config: WechatConfig,
  { accountName, amount }: TransferInput,
): Promise<Result<{ readonly members: object; readonly keyId?: string }, string>> {
  if (accountName === undefined || accountName === '') {
    return amount.minor < NAMED_FROM_FEN
      ? ok({ members: {} })
      : refuse('from 2,000 yuan on a transfer needs the name of the payee')
  }
  const sealer = await openSealer(ports, config)
  if (!sealer.ok) return sealer
  const sealed = await sealer.value.seal(accountName)
  if (!sealed.ok) return sealed
  return ok({ members: { user_name: sealed.value }, keyId: sealer.value.keyId })
}
