import { changeSettings } from '../../core/merchant/accounts.ts'
import { troubledEndpoints } from '../../core/notification/endpoint.ts'
import { replayExhausted } from '../../core/notification/replay.ts'
import { reopenEndpoint } from '../../core/operator/reopen.ts'
import { SERVER_BOUNDS, WORKER_BOUNDS } from '../../core/sweep/sweep.ts'
import { HOUR_MS, SECOND_MS } from '../../core/time.ts'
import type { Callback } from './bank.ts'
import { chanceOf } from './chance.ts'
import type { Door, Fault, FaultsOf } from './faults.ts'
import { type Broken, signed } from './laws.ts'
import { CALM_LOOKS_MS, type Deed, ISOLATES, type Plan, type Step } from './plan.ts'
import { NOTIFY_URL, PUBLIC_URL, START_MS, type Stage } from './stage.ts'
import { deliverCallback, openWorld, type World } from './world.ts'

export interface Ended {
  readonly plan: Plan
  readonly broken: readonly Broken[]
  /** Equal for two runs only if everything in them was. */
  readonly trace: string
  readonly met: ReadonlyMap<string, Fault>
  readonly doors: ReadonlyMap<string, Door>
  readonly story: readonly string[]
}

export interface HistoryOptions {
  readonly faults: FaultsOf
  readonly tells?: boolean
}

/** Plays a history: the storm, then three days of calm, with the laws held against every step. */
export async function playHistory(
  stage: Stage,
  plan: Plan,
  { faults, tells = false }: HistoryOptions,
): Promise<Ended> {
  const world = openWorld(plan, stage, { faults, tells })
  stage.open(world.ports, plan.weather.replicaLagMs > 0)
  const { timeline, laws } = world
  const deeds = openDeeds(world)
  for (const step of plan.steps) {
    timeline.at(START_MS + step.atMs, () => {
      world.tell(() => `step ${step.id}: ${step.deed} ${step.of + 1}`)
      deeds(step)
    })
  }
  const isOver = () => laws.broken.length > 0
  await timeline.runTo(START_MS + plan.stormMs, isOver)
  if (!isOver()) {
    world.tell(() => 'the storm is over')
    world.calms()
    await comesToRest(world, isOver)
  }
  if (!isOver()) laws.whenSettled()
  const { met, doors, story } = world
  return { plan, broken: laws.broken, trace: world.trace(), met, doors, story }
}

async function comesToRest(world: World, isOver: () => boolean): Promise<void> {
  const { timeline, plan } = world
  const calmMs = START_MS + plan.stormMs
  // Whoever answered 410 is told no more until an operator says so; each storm's end has one.
  world.start('an operator replays what was given up', 0, async ({ core }) => {
    for (const endpoint of await troubledEndpoints(core, 10)) {
      await reopenEndpoint(core, endpoint, 'the storm is over')
    }
    await replayExhausted(core)
  })
  let sweeps = 0
  for (const lookMs of CALM_LOOKS_MS) {
    await timeline.runTo(calmMs + lookMs, isOver)
    for (let rounds = 0; rounds < 12; rounds++) {
      if (isOver()) return
      world.bank.ticks()
      let isIdle = true
      world.start(
        `calm sweep ${++sweeps}`,
        sweeps % ISOLATES,
        (gateway) => gateway.sweep(SERVER_BOUNDS),
        ({ payments, refunds, notifications, others }) => {
          isIdle = payments + refunds + notifications + others === 0
        },
      )
      await timeline.runTo(timeline.nowMs() + 30 * SECOND_MS, isOver)
      if (nothingIsOpen(world)) return
      if (isIdle) break
    }
  }
}

function nothingIsOpen({ stage, timeline }: World): boolean {
  const [row] = stage.tables.all(`select
    exists (select 1 from payments where next_check_at_ms is not null or next_split_at_ms is not null) or
    exists (select 1 from refunds where next_check_at_ms is not null) or
    exists (select 1 from transfers where next_check_at_ms is not null) or
    exists (select 1 from splits where next_check_at_ms is not null) or
    exists (select 1 from split_returns where next_check_at_ms is not null) or
    exists (select 1 from outbox where state = 'waiting')`)
  return row?.[0] === 0 && timeline.isQuietUntil(timeline.nowMs() + HOUR_MS)
}

type Fields = Readonly<Record<string, string | number>>

interface Envelope {
  readonly code: number
  readonly msg: string
  readonly data?: Fields
  readonly sign?: string
}

/** How each deed is done. */
function openDeeds(world: World): (step: Step) => void {
  const { plan, app, bank, laws, stage } = world
  const { counterpart } = stage
  const channel = counterpart.plugin.manifest.id
  /** What the payer was handed for an order that is signed here. */
  const handed = new Map<number, string>()
  /** What a number was answered first, by what was asked for. */
  const answers = new Map<
    string,
    { readonly id: string; readonly asked: string; payData?: string }
  >()
  /** What a way wanted beside the amount; asked for again, an order says the same. */
  const extras = new Map<number, string | undefined>()
  let rotations = 0

  function ask(
    step: Step,
    path: string,
    fields: Fields,
    answeredWith: (envelope: Envelope) => void = () => undefined,
  ): void {
    const whole: Fields = {
      version: '1.0',
      signType: 'MD5',
      reqTime: START_MS,
      mchNo: app.merchantNo,
      appId: app.appId,
      ...fields,
    }
    const texts = Object.entries(whole).map(([name, value]) => [name, String(value)] as const)
    const request = new Request(`${PUBLIC_URL}${path}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ ...whole, sign: signed(texts, app.appSecret) }),
    })
    const name = `step ${step.id}`
    world.start(
      name,
      step.isolate,
      async (gateway) => (await (await gateway.fetch(request)).json()) as Envelope,
      (envelope) => {
        world.tell(() => `${name} is answered ${JSON.stringify(envelope)}`)
        judge(name, envelope)
        if (envelope.code === 0) answeredWith(envelope)
      },
    )
  }

  function judge(name: string, { code, data, sign }: Envelope): void {
    if (code === 0) {
      const fields = Object.entries(data ?? {}).map(
        ([field, value]) => [field, String(value)] as const,
      )
      if (signed(fields, app.appSecret) !== sign)
        laws.isBroken(`the answer of ${name} is not well signed`)
      return
    }
    if (![9999, 10, 12].includes(code)) laws.isBroken(`${name} is answered code ${code}`)
  }

  /** The same number names one thing, and was asked for in one way. */
  function isAnswered(key: string, asked: Fields, id: string, payData?: string): void {
    const first = answers.get(key)
    const text = JSON.stringify(asked)
    if (first === undefined) {
      answers.set(key, { id, asked: text, ...(payData && { payData }) })
      return
    }
    if (first.asked !== text) laws.isBroken(`${key} was taken twice, with other content`)
    if (first.id !== id) laws.isBroken(`${key} was answered ${first.id}, and then ${id}`)
    if (first.payData !== undefined && payData && first.payData !== payData) {
      laws.isBroken(`${key} gave the payer ${first.payData}, and then ${payData}`)
    }
    if (first.payData === undefined && payData) first.payData = payData
  }

  function orders(step: Step, changed: Fields = {}): void {
    const order = plan.orders[step.of]
    if (order === undefined) return
    if (!extras.has(step.of)) {
      const chance = chanceOf(plan.seed, `extra ${step.of}`)
      extras.set(step.of, counterpart.extraOf(order.way, chance, world.timeline.nowMs()))
    }
    const channelExtra = extras.get(step.of)
    const asked: Fields = {
      mchOrderNo: `O${step.of + 1}`,
      wayCode: counterpart.ways[order.way],
      amount: order.fen,
      currency: 'cny',
      subject: `order#${step.of + 1}`,
      body: 'goods',
      expiredTime: order.expirySeconds,
      divisionMode: ['none', 'automatic', 'manual'].indexOf(order.split),
      ...(order.told && { notifyUrl: NOTIFY_URL }),
      ...(channelExtra !== undefined && { channelExtra }),
      ...changed,
    }
    ask(step, '/api/pay/unifiedOrder', asked, ({ data }) => {
      const { payOrderId = '', orderState = 0, payData = '' } = data ?? {}
      isAnswered(`order ${step.of + 1}`, asked, String(payOrderId), String(payData))
      laws.shown('payment', String(payOrderId), Number(orderState))
      if (order.way === 'ALI_APP' && payData !== '') handed.set(step.of, String(payData))
    })
  }

  function refunds(step: Step, changed: Fields = {}): void {
    const refund = plan.refunds[step.of]
    if (refund === undefined) return
    const asked: Fields = {
      mchOrderNo: `O${refund.order + 1}`,
      mchRefundNo: `F${step.of + 1}`,
      refundAmount: refund.fen,
      currency: 'cny',
      refundReason: `refund#${step.of + 1}`,
      ...(refund.told && { notifyUrl: NOTIFY_URL }),
      ...changed,
    }
    ask(step, '/api/refund/refundOrder', asked, ({ data }) => {
      const { refundOrderId = '', state = 0 } = data ?? {}
      isAnswered(`refund ${step.of + 1}`, asked, String(refundOrderId))
      laws.shown('refund', String(refundOrderId), Number(state))
    })
  }

  function transfers(step: Step, changed: Fields = {}): void {
    const transfer = plan.transfers[step.of]
    if (transfer === undefined) return
    const asked: Fields = {
      mchOrderNo: `T${step.of + 1}`,
      ifCode: channel,
      entryType: counterpart.entry,
      amount: transfer.fen,
      currency: 'cny',
      ...counterpart.payee,
      transferDesc: `transfer#${step.of + 1}`,
      ...(transfer.told && { notifyUrl: NOTIFY_URL }),
      ...changed,
    }
    ask(step, '/api/transferOrder', asked, ({ data }) => {
      const { transferId = '', state = 0 } = data ?? {}
      isAnswered(`transfer ${step.of + 1}`, asked, String(transferId))
      laws.shown('transfer', String(transferId), Number(state))
    })
  }

  function splits(step: Step): void {
    const asked: Fields = {
      mchOrderNo: `O${step.of + 1}`,
      useSysAutoDivisionReceivers: 1,
      notifyUrl: NOTIFY_URL,
    }
    ask(step, '/api/division/exec', asked, ({ data }) => {
      laws.shown('split', String(data?.divisionId), Number(data?.state))
    })
  }

  function returns(step: Step): void {
    const taken = plan.returns[step.of]
    if (taken === undefined) return
    const asked: Fields = {
      mchOrderNo: `O${taken.order + 1}`,
      mchReturnNo: `B${step.of + 1}`,
      receiverId: app.receivers[taken.receiver]?.receiverId ?? 0,
      returnAmount: taken.fen,
      notifyUrl: NOTIFY_URL,
    }
    ask(step, '/api/division/return', asked, ({ data }) => {
      const { divisionReturnId = '', state = 0 } = data ?? {}
      isAnswered(`return ${step.of + 1}`, asked, String(divisionReturnId))
      laws.shown('split_return', String(divisionReturnId), Number(state))
    })
  }

  function attemptOf(of: number): string {
    const [row] = stage.tables.all(
      'select attempt_id from payments where merchant_payment_no = ?',
      `O${of + 1}`,
    )
    return String(row?.[0] ?? '')
  }

  function payerPays({ of }: Step): void {
    const signedOrder = handed.get(of)
    const isPaid =
      signedOrder === undefined ? bank.payerPays(attemptOf(of)) : bank.payerOpens(signedOrder)
    world.tell(() => `the payer ${isPaid ? 'pays' : 'cannot pay'} order#${of + 1}`)
  }

  function sweeps({ id, isolate }: Step): void {
    const bounds = chanceOf(plan.seed, `bounds ${id}`).is(0.5) ? WORKER_BOUNDS : SERVER_BOUNDS
    world.start(`step ${id}`, isolate, (gateway) => gateway.sweep(bounds))
  }

  function misspeaks(how: 'forged' | 'other_amount' | 'other_payee'): (step: Step) => void {
    return ({ id, of, isolate }) => {
      const callback = bank.misspeaks(attemptOf(of), how)
      if (callback === undefined) return
      deliverCallback(world, callback, `step ${id}`, isolate, refusesForged, how !== 'forged')
      async function refusesForged(_: number, answer: Response): Promise<void> {
        if (how !== 'forged' || !(await counterpart.isAcknowledged(answer))) return
        laws.isBroken(`step ${id}, forged, is acknowledged`)
      }
    }
  }

  /** A true callback, sent to the address of something else. */
  function misplaced(url: (callback: Callback) => string): (step: Step) => void {
    return ({ id, isolate }) => {
      const [callback] = bank.callbacks
      if (callback === undefined) return
      const other = { ...callback, url: url(callback) }
      if (other.url === callback.url) return
      deliverCallback(world, other, `step ${id}`, isolate, () => undefined, false)
    }
  }

  function replays({ id, isolate }: Step): void {
    const callback = bank.callbacks[chanceOf(plan.seed, `replay ${id}`).whole(0, 3)]
    if (callback === undefined) return
    deliverCallback(world, callback, `step ${id}`, isolate, () => undefined)
  }

  function rotates({ id, isolate }: Step): void {
    const key = `key-canary-${++rotations}b`
    bank.takesKey(key)
    world.start(
      `step ${id}`,
      isolate,
      (gateway) => changeSettings(gateway.core, stage.accountId, { merchant: 'shop', key }),
      // Who has not heard that it is in place does not have the bank use it.
      ({ ok }) => ok && bank.signsWith(key),
    )
  }

  function asks(path: string, fields: (of: number) => Fields, shown: (data: Fields) => void) {
    return (step: Step) =>
      ask(step, path, fields(step.of), ({ data }) => {
        if (data !== undefined) shown(data)
      })
  }
  const ofOrder = (of: number) => ({ mchOrderNo: `O${of + 1}` })
  const ofTransfer = (of: number) => ({ mchOrderNo: `T${of + 1}` })

  const deeds: Readonly<Record<Deed, (step: Step) => void>> = {
    order: orders,
    order_again: orders,
    order_other: (step) => orders(step, { amount: 777 }),
    ask: asks('/api/pay/query', ofOrder, (data) =>
      laws.shown('payment', String(data.payOrderId), Number(data.state)),
    ),
    close: (step) => ask(step, '/api/pay/close', ofOrder(step.of)),
    refund: refunds,
    refund_again: refunds,
    refund_other: (step) => refunds(step, { refundAmount: 77 }),
    ask_refund: asks(
      '/api/refund/query',
      (of) => ({ mchRefundNo: `F${of + 1}` }),
      (data) => laws.shown('refund', String(data.refundOrderId), Number(data.state)),
    ),
    transfer: transfers,
    transfer_again: transfers,
    transfer_other: (step) => transfers(step, { amount: 77_777 }),
    ask_transfer: asks('/api/transfer/query', ofTransfer, (data) =>
      laws.shown('transfer', String(data.transferId), Number(data.state)),
    ),
    cancel_transfer: asks('/api/transfer/cancel', ofTransfer, (data) =>
      laws.shown('transfer', String(data.transferId), Number(data.state)),
    ),
    split: splits,
    ask_split: asks('/api/division/query', ofOrder, (data) =>
      laws.shown('split', String(data.divisionId), Number(data.state)),
    ),
    return: returns,
    return_again: returns,
    payer_pays: payerPays,
    pays_after_end: ({ of }) => {
      const isPaid = bank.paysAfterEnd(attemptOf(of))
      world.tell(
        () => `the bank ${isPaid ? 'takes' : 'has not ended it, and so takes no'} late money`,
      )
    },
    payee_takes: ({ of }) => {
      const [row] = stage.tables.all(
        'select transfer_id from transfers where merchant_transfer_no = ?',
        `T${of + 1}`,
      )
      const takes = bank.payeeTakes(String(row?.[0] ?? ''))
      world.tell(() => `the payee ${takes ? 'takes' : 'cannot take'} transfer#${of + 1}`)
    },
    forged_callback: misspeaks('forged'),
    stray_callback: misplaced(
      () => `${PUBLIC_URL}/api/pay/notify/${channel}/P0000000000000000000001`,
    ),
    misplaced_callback: misplaced(() => `${PUBLIC_URL}/api/pay/notify/${channel}/${attemptOf(1)}`),
    other_amount: misspeaks('other_amount'),
    other_payee: misspeaks('other_payee'),
    replayed_callback: replays,
    sweep: sweeps,
    rotate: rotates,
    crash: ({ isolate }) => world.crash(isolate),
  }
  return (step) => deeds[step.deed](step)
}
