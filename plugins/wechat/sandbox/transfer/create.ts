import * as z from 'zod'
import { minor, ok, type Result, refuse, SECOND_MS } from '../../../../core/plugin/api.ts'
import { credit, debit } from '../accounts.ts'
import { plan } from '../agenda.ts'
import { type Call, canonical, type Handler, readBody } from '../calls.ts'
import { strike } from '../faults.ts'
import {
  callbackUrl,
  callbackUrlProblem,
  fen,
  openid,
  requiredTextUpTo,
  textUpTo,
} from '../fields.ts'
import type { Merchant } from '../merchants.ts'
import { newPackageInfo, newTransferBillNo } from '../numbers.ts'
import type { Mode } from '../prepay-body.ts'
import { accepted, parameterRefusal, type Refusal, type Reply, refusal } from '../refusals.ts'
import { openSecret } from '../sensitive.ts'
import type { Wechat } from '../settings.ts'
import { endTransfer } from './ending.ts'
import { refuseScene } from './scenes.ts'
import {
  describeCreated,
  PAYEE_HAS_MS,
  payerOf,
  type Transfer,
  transferId,
  transferNumbers,
  transfers,
} from './standing.ts'
import { whoseTransfer } from './whose.ts'

const direct = z.strictObject({
  appid: requiredTextUpTo(32),
  out_bill_no: z.string().regex(/^[0-9A-Za-z]{1,32}$/),
  transfer_scene_id: requiredTextUpTo(36),
  openid,
  /** Encrypted. */
  user_name: textUpTo(1_024).optional(),
  transfer_amount: fen,
  transfer_remark: requiredTextUpTo(32),
  notify_url: callbackUrl.optional(),
  user_recv_perception: textUpTo(32).optional(),
  transfer_scene_report_infos: z
    .array(z.strictObject({ info_type: requiredTextUpTo(15), info_content: requiredTextUpTo(32) }))
    .max(10),
  user_recv_style: z.strictObject({ type: z.enum(['CONFIRM_PAGE', 'RED_PACKET']) }).optional(),
})

const partner = direct.extend({ sub_mchid: requiredTextUpTo(32) })

type Body = z.output<typeof direct> & { readonly sub_mchid?: string }
const BODIES = { direct, partner } as const satisfies Record<Mode, z.ZodType<Body>>

/**
 * `POST /v3/fund-app/mch-transfer/[partner/]transfer-bills`: takes money from the merchant, and keeps
 * it until the payee takes it.
 *
 * The same number with the same parameters is the same transfer, and shows where it stands.
 */
export function createTransfer(mode: Mode): Handler {
  return async (wechat, call) => {
    const read = readBody<Body>(call, BODIES[mode])
    if (!read.ok) return read.refusal
    const { parsed } = read.value
    const who = whoseTransfer(call.merchant, mode, parsed.sub_mchid ?? null, 'body')
    if (!who.ok) return who.refusal
    const refused = refuseFacts(wechat, call.merchant, parsed)
    if (refused !== undefined) return refused
    const userName = await nameOf(call, parsed)
    if (!userName.ok) return refusal(userName.refusal)
    return create(wechat, newTransfer(wechat, call.merchant, parsed, userName.value))
  }
}

async function create(wechat: Wechat, asked: Transfer): Promise<Reply> {
  const { books } = wechat
  const id = transferId(asked.mchid, asked.outBillNo)
  const known = await transfers(books).get(id)
  if (known !== undefined) return answerAgain(known, asked)

  const { amountMinor, transferBillNo } = asked
  const payer = payerOf(asked)
  if (!(await debit(wechat, payer, 'operation', amountMinor))) {
    return refusal('operation_balance_too_low')
  }
  await transferNumbers(books).put(transferBillNo, id)
  const faster = await transfers(books).change(id, (current) => ({
    document: current ?? asked,
    outcome: current,
  }))
  if (faster !== undefined) {
    await credit(wechat, payer, 'operation', amountMinor)
    await transferNumbers(books).remove(transferBillNo)
    return answerAgain(faster, asked)
  }

  await planAhead(wechat, id, asked)
  const answer = accepted(describeCreated(asked))
  if ((await strike(wechat, 'callback', ['early'])) !== undefined) {
    await endTransfer(wechat, id, 'SUCCESS')
  }
  return answer
}

function answerAgain(known: Transfer, asked: Transfer): Reply {
  const same = known.fingerprint === asked.fingerprint
  return same ? accepted(describeCreated(known)) : refusal('transfer_exists')
}

async function planAhead(wechat: Wechat, transferId: string, { createdAtMs, state }: Transfer) {
  const task = { kind: 'transfer', transferId } as const
  await plan(wechat, { ...task, next: 'expire' }, createdAtMs + PAYEE_HAS_MS)
  if (state === 'ACCEPTED') {
    await plan(wechat, { ...task, next: 'offer' }, createdAtMs + SECOND_MS)
  }
}

/** From 2,000 yuan on WeChat wants to know the payee's name. */
const NAME_FROM_MINOR = 200_000
const LEAST_MINOR = 10

function refuseFacts(wechat: Wechat, merchant: Merchant, parsed: Body): Reply | undefined {
  const { appid, transfer_scene_id, transfer_scene_report_infos, notify_url } = parsed
  const problem = notify_url && callbackUrlProblem(notify_url, wechat.settings)
  if (problem) return parameterRefusal(problem)
  if (!merchant.appids.includes(appid)) return refusal('transfer_appid_unknown')
  const scene = refuseScene(merchant, transfer_scene_id, transfer_scene_report_infos)
  if (scene !== undefined) return refusal(scene)
  if (parsed.transfer_amount < LEAST_MINOR) return refusal('transfer_amount_out_of_range')
  if (parsed.transfer_amount >= NAME_FROM_MINOR && parsed.user_name === undefined) {
    const issue = 'is required from 200000 on'
    return parameterRefusal({ location: 'body', field: '/user_name', issue })
  }
  return undefined
}

async function nameOf(call: Call, { user_name }: Body): Promise<Result<string | null, Refusal>> {
  if (user_name === undefined) return ok(null)
  const name = await openSecret(call, user_name)
  return name === undefined ? refuse('name_unreadable') : ok(name)
}

function newTransfer(
  { clock, random, settings }: Wechat,
  { mchid }: Merchant,
  parsed: Body,
  userName: string | null,
): Transfer {
  const nowMs = clock.now()
  return {
    mchid,
    subMchid: parsed.sub_mchid ?? null,
    appid: parsed.appid,
    outBillNo: parsed.out_bill_no,
    transferBillNo: newTransferBillNo(random, nowMs),
    openid: parsed.openid,
    userName,
    amountMinor: minor(parsed.transfer_amount),
    remark: parsed.transfer_remark,
    notifyUrl: parsed.notify_url ?? null,
    // The name as it is: encrypting it again gives another text.
    fingerprint: canonical({ ...parsed, user_name: userName }),
    packageInfo: newPackageInfo(random),
    state: settings.transferStarts,
    failReason: null,
    createdAtMs: nowMs,
    updatedAtMs: nowMs,
  }
}
