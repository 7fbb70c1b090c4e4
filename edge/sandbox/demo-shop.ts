import { newRequestNumber } from '../../core/ids.ts'
import type { Simulator } from '../../core/plugin/simulator.ts'
import { signJeepay, verifyJeepay } from '../../core/signing/jeepay.ts'
import type { OrderBody, TransferBody } from './bodies.ts'
import type { DemoApp } from './demo.ts'
import { manifestOf, type RouteParts } from './parts.ts'

/** The demo merchant's own side: it orders, refunds and listens, as a shop's server would. */

type Fields = Readonly<Record<string, string | number>>

export function signedFields(app: DemoApp, fields: Fields, reqTimeMs: number): Fields {
  const all: Record<string, string | number> = {
    ...fields,
    version: '1.0',
    signType: 'MD5',
    reqTime: String(reqTimeMs),
    mchNo: app.mchNo,
    appId: app.appId,
  }
  const texts = Object.entries(all).map(([name, value]) => [name, String(value)] as const)
  return { ...all, sign: signJeepay(texts, app.appSecret) }
}

/** Orders something as the demo merchant, over the merchant API; whoever has to pay is filled in. */
export async function demoOrder(parts: RouteParts, order: OrderBody): Promise<Response> {
  const { wayCode, amount, subject, payDataType, divisionMode, expiredTime, appId } = order
  const app = allApps(parts).find((one) => one.appId === appId) ?? parts.demo.app
  const extra = {
    ...(await payerOf(parts, order)),
    ...order.channelExtra,
    ...(payDataType !== undefined && { payDataType }),
  }
  return call(parts, app, '/api/pay/unifiedOrder', {
    mchOrderNo: newNumber(parts),
    wayCode,
    amount,
    currency: 'CNY',
    subject,
    body: subject,
    notifyUrl: notifyUrlOf(parts),
    channelExtra: JSON.stringify(extra),
    divisionMode,
    ...(expiredTime !== undefined && { expiredTime }),
  })
}

/** What the way's input wants to know of the payer, as far as the channel's simulator knows it. */
async function payerOf(
  parts: RouteParts,
  { wayCode, payerCode }: OrderBody,
): Promise<Readonly<Record<string, string>>> {
  for (const simulator of parts.simulators) {
    const input = manifestOf(parts, simulator.channel)?.ways[wayCode]?.input
    if (input === undefined) continue
    const wanted = Object.keys(input.shape)
    const code = wanted.includes('authCode') ? await codeFor(simulator, payerCode) : undefined
    const payer = Object.entries((await simulator.cast?.())?.payer ?? {})
    return {
      ...Object.fromEntries(payer.filter(([name]) => wanted.includes(name))),
      ...(code !== undefined && { authCode: code }),
    }
  }
  return {}
}

async function codeFor(simulator: Simulator, outcome: string): Promise<string | undefined> {
  const codes = (await simulator.payerCodes?.()) ?? []
  return codes.find((one) => one.outcome === outcome)?.code
}

export async function demoRefund(
  parts: RouteParts,
  payment: { readonly appId: string; readonly paymentId: string },
  amount: number,
): Promise<Response> {
  return call(parts, appOf(parts, payment), '/api/refund/refundOrder', {
    payOrderId: payment.paymentId,
    mchRefundNo: newNumber(parts),
    refundAmount: amount,
    currency: 'CNY',
    refundReason: '演示退款',
    notifyUrl: notifyUrlOf(parts),
  })
}

export function demoClose(
  parts: RouteParts,
  payment: { readonly appId: string; readonly paymentId: string },
): Promise<Response> {
  return call(parts, appOf(parts, payment), '/api/pay/close', { payOrderId: payment.paymentId })
}

/** Shares a payment out to the demo merchant's receivers, or only ends its sharing. */
export function demoSplit(
  parts: RouteParts,
  payment: { readonly appId: string; readonly paymentId: string },
  finish: boolean,
): Promise<Response> {
  return call(parts, appOf(parts, payment), '/api/division/exec', {
    payOrderId: payment.paymentId,
    useSysAutoDivisionReceivers: finish ? 0 : 1,
    notifyUrl: notifyUrlOf(parts),
  })
}

export function demoSplitReturn(
  parts: RouteParts,
  payment: { readonly appId: string; readonly paymentId: string },
  { receiverId, amount }: { readonly receiverId: number; readonly amount: number },
): Promise<Response> {
  return call(parts, appOf(parts, payment), '/api/division/return', {
    payOrderId: payment.paymentId,
    mchReturnNo: newNumber(parts),
    receiverId: String(receiverId),
    returnAmount: amount,
    notifyUrl: notifyUrlOf(parts),
  })
}

/** Sends money out, to somebody whom the channel's simulator knows unless told otherwise. */
export async function demoTransfer(
  parts: RouteParts,
  simulator: Simulator | undefined,
  { ifCode, entryType, amount, accountNo, accountName }: TransferBody,
): Promise<Response> {
  const payee = (await simulator?.cast?.())?.payees[entryType]
  const name = accountNo === undefined ? payee?.accountName : accountName
  return call(parts, parts.demo.app, '/api/transferOrder', {
    mchOrderNo: newNumber(parts),
    ifCode,
    entryType,
    amount,
    currency: 'CNY',
    accountNo: accountNo ?? payee?.account ?? '',
    ...(name !== undefined && { accountName: name }),
    ...(payee?.bankName !== undefined && { bankName: payee.bankName }),
    transferDesc: '演示转账',
    notifyUrl: notifyUrlOf(parts),
    channelExtra: JSON.stringify(payee?.extra ?? {}),
  })
}

export function demoTransferCancel(parts: RouteParts, transferId: string): Promise<Response> {
  return call(parts, parts.demo.app, '/api/transfer/cancel', { transferId })
}

/** Asks who the payer is; the answer sends the payer's browser to the channel's page. */
export function demoJump(parts: RouteParts, ifCode: string): Promise<Response> {
  const redirectUrl = `${parts.publicUrl}/sandbox`
  return call(parts, parts.demo.app, '/api/channelUserId/jump', { ifCode, redirectUrl })
}

export function allApps({ demo }: RouteParts): readonly DemoApp[] {
  return [demo.app, ...demo.belowProvider]
}

/** Orders of another merchant are asked about in vain, as they should be. */
function appOf(parts: RouteParts, { appId }: { readonly appId: string }): DemoApp {
  return allApps(parts).find((one) => one.appId === appId) ?? parts.demo.app
}

function notifyUrlOf({ publicUrl }: RouteParts): string {
  return `${publicUrl}/sandbox/merchant/notify`
}

function newNumber({ gateway, clock }: RouteParts): string {
  return `DEMO${newRequestNumber({ clock, random: gateway.core.ports.random })}`
}

function call(
  { gateway, publicUrl, clock }: RouteParts,
  app: DemoApp,
  path: string,
  fields: Fields,
): Promise<Response> {
  return gateway.fetch(
    new Request(publicUrl + path, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(signedFields(app, fields, clock.now())),
    }),
  )
}

/** The demo merchant hears of something: it checks the sign before it believes a word. */
export async function receiveNotification(parts: RouteParts, request: Request): Promise<Response> {
  const fields = new URLSearchParams(await request.text())
  const app = appOf(parts, { appId: fields.get('appId') ?? '' })
  const isOurs = verifyJeepay(fields, app.appSecret, fields.get('sign') ?? '')
  return isOurs ? new Response('success') : new Response('fail: wrong sign', { status: 400 })
}
