import type { Milliseconds } from '../../../../core/plugin/api.ts'
import { strike } from '../faults.ts'
import { newNotifyId } from '../numbers.ts'
import type { Alipay } from '../settings.ts'
import { begun, type Event, events, nextPlace, wasLastTry } from './events.ts'
import { type Lie, requestCallback } from './request.ts'

/** What there is to tell, of whose app and where. */
export type News = Pick<Event, 'appId' | 'family' | 'url' | 'fields' | 'charset' | 'signType'>

/**
 * Tells a merchant what happened: once now, then again on Alipay's schedule until it acknowledges.
 *
 * The event is stored after what it tells. A crash between the two loses it, as Alipay may lose one:
 * its own advice is to query.
 */
export async function tell(alipay: Alipay, news: News): Promise<void> {
  await attempt(alipay, await note(alipay, news), 0)
}

/**
 * Tells of what a call has done: when the call has been answered, that is with the next tick, or
 * before that under the fault `early`.
 */
export async function tellSoon(alipay: Alipay, news: News): Promise<void> {
  const id = await note(alipay, news)
  if ((await strike(alipay, 'callback', ['early'])) !== undefined) await attempt(alipay, id, 0)
}

async function note(alipay: Alipay, news: News): Promise<string> {
  const nowMs = alipay.clock.now()
  const id = newNotifyId(alipay.random, nowMs)
  const place = await nextPlace(alipay.books)
  await events(alipay.books).put(id, {
    ...news,
    place,
    tries: 0,
    dueAtMs: nowMs,
    behindNext: false,
  })
  return id
}

/** Makes the tries that are due, in the order in which they became so. */
export async function tellWhatIsDue(alipay: Alipay): Promise<void> {
  const nowMs = alipay.clock.now()
  const due = (await events(alipay.books).list())
    .filter(({ document }) => document.dueAtMs <= nowMs)
    .sort(({ document: a }, { document: b }) => a.dueAtMs - b.dueAtMs || a.place - b.place)
  for (const { id, document } of due) await attempt(alipay, id, document.tries)
}

/** @param tries as seen when it was chosen: whoever else chose it too does not try as well */
async function attempt(alipay: Alipay, id: string, tries: number): Promise<void> {
  const nowMs = alipay.clock.now()
  const event = await events(alipay.books).change(id, (current) => {
    const ours =
      current !== undefined && current.tries === tries ? begun(current, nowMs) : undefined
    return { document: ours ?? current, outcome: ours }
  })
  if (event === undefined) return

  const fault = await strike(alipay, 'callback', WHILE_TELLING)
  switch (fault?.fault) {
    case 'delay':
      return postpone(alipay, id, nowMs + (fault.delayMs ?? alipay.settings.callbackDelayMs))
    case 'reorder':
      return holdBack(alipay, id)
    case 'drop':
      return finishTry(alipay, id, event, 'not acknowledged')
    case 'duplicate': {
      await finishTry(alipay, id, event, await send(alipay, id, event, undefined))
      await finishTry(alipay, id, event, await send(alipay, id, event, undefined))
      return tellHeldBack(alipay, id)
    }
    case 'bad_signature':
    case 'wrong_amount':
    case 'wrong_merchant':
    case undefined: {
      await finishTry(alipay, id, event, await send(alipay, id, event, fault?.fault))
      return tellHeldBack(alipay, id)
    }
  }
}

const WHILE_TELLING = [
  'drop',
  'duplicate',
  'reorder',
  'delay',
  'bad_signature',
  'wrong_amount',
  'wrong_merchant',
] as const

type Heard = 'acknowledged' | 'not acknowledged'

/** Acknowledged is 200 in time with `success` for a body: seven characters, and nothing else. */
async function send(
  alipay: Alipay,
  id: string,
  event: Event,
  lie: Lie | undefined,
): Promise<Heard> {
  const answer = await alipay.callback(await requestCallback(alipay, id, event, lie))
  if (answer?.status !== 200) return 'not acknowledged'
  return (await answer.text()) === 'success' ? 'acknowledged' : 'not acknowledged'
}

async function finishTry({ books }: Alipay, id: string, event: Event, heard: Heard): Promise<void> {
  if (heard === 'acknowledged' || wasLastTry(event)) await events(books).remove(id)
}

/** As if this try had not been: it is made later. */
async function postpone({ books }: Alipay, id: string, dueAtMs: Milliseconds): Promise<void> {
  await events(books).change(id, (event) => ({
    document: event && { ...event, tries: event.tries - 1, dueAtMs },
    outcome: undefined,
  }))
}

/** Until another event is told, or the next try is due. */
async function holdBack({ books }: Alipay, id: string): Promise<void> {
  await events(books).change(id, (event) => ({
    document: event && { ...event, behindNext: true },
    outcome: undefined,
  }))
}

async function tellHeldBack(alipay: Alipay, after: string): Promise<void> {
  for (const { id, document } of await events(alipay.books).list()) {
    if (document.behindNext && id !== after) await attempt(alipay, id, document.tries)
  }
}
