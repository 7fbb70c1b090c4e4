import type { Milliseconds } from '../../../core/plugin/api.ts'
import { requestCallback } from './callback-request.ts'
import { begun, type Event, events, wasLastTry } from './events.ts'
import { strike } from './faults.ts'
import type { Lie } from './lies.ts'
import { newEventId } from './numbers.ts'
import type { Wechat } from './settings.ts'

/**
 * Tells a merchant what happened: once now, then again on WeChat's schedule until it acknowledges.
 *
 * The event is stored after what it tells. A crash between the two loses it, as WeChat may lose one:
 * its own advice is to query.
 */
export async function tell(wechat: Wechat, about: Event['about'], url: string): Promise<void> {
  const nowMs = wechat.clock.now()
  const id = newEventId(wechat.random, nowMs)
  await events(wechat.books).put(id, {
    about,
    url,
    createdAtMs: nowMs,
    tries: 0,
    dueAtMs: nowMs,
    behindNext: false,
  })
  await attempt(wechat, id, 0)
}

/** Makes the tries that are due, in the order in which they became so. */
export async function tellWhatIsDue(wechat: Wechat): Promise<void> {
  const nowMs = wechat.clock.now()
  const due = (await events(wechat.books).list())
    .filter(({ document }) => document.dueAtMs <= nowMs)
    .sort((a, b) => a.document.dueAtMs - b.document.dueAtMs)
  for (const { id, document } of due) await attempt(wechat, id, document.tries)
}

/** @param tries as seen when it was chosen: whoever else chose it too does not try as well */
async function attempt(wechat: Wechat, id: string, tries: number): Promise<void> {
  const nowMs = wechat.clock.now()
  const event = await events(wechat.books).change(id, (current) => {
    const ours =
      current !== undefined && current.tries === tries ? begun(current, nowMs) : undefined
    return { document: ours ?? current, outcome: ours }
  })
  if (event === undefined) return

  const fault = await strike(wechat, 'callback', WHILE_TELLING)
  switch (fault?.fault) {
    case 'delay':
      return postpone(wechat, id, nowMs + (fault.delayMs ?? wechat.settings.callbackDelayMs))
    case 'reorder':
      return holdBack(wechat, id)
    case 'drop':
      return finishTry(wechat, id, event, 'not acknowledged')
    case 'duplicate': {
      await finishTry(wechat, id, event, await send(wechat, id, event, undefined))
      await finishTry(wechat, id, event, await send(wechat, id, event, undefined))
      return tellHeldBack(wechat, id)
    }
    case 'bad_signature':
    case 'wrong_amount':
    case 'wrong_merchant':
    case undefined: {
      await finishTry(wechat, id, event, await send(wechat, id, event, fault?.fault))
      return tellHeldBack(wechat, id)
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

/** Acknowledged is 200 or 204 in time, and nothing else. */
async function send(
  wechat: Wechat,
  id: string,
  event: Event,
  fault: 'bad_signature' | Lie | undefined,
): Promise<Heard> {
  const request = await requestCallback(wechat, id, event, fault)
  if (request === undefined) return 'not acknowledged'
  const answer = await wechat.callback(request)
  return answer?.status === 200 || answer?.status === 204 ? 'acknowledged' : 'not acknowledged'
}

async function finishTry({ books }: Wechat, id: string, event: Event, heard: Heard): Promise<void> {
  if (heard === 'acknowledged' || wasLastTry(event)) await events(books).remove(id)
}

/** As if this try had not been: it is made later. */
async function postpone({ books }: Wechat, id: string, dueAtMs: Milliseconds): Promise<void> {
  await events(books).change(id, (event) => ({
    document: event && { ...event, tries: event.tries - 1, dueAtMs },
    outcome: undefined,
  }))
}

/** Until another event is told, or the next try is due. */
async function holdBack({ books }: Wechat, id: string): Promise<void> {
  await events(books).change(id, (event) => ({
    document: event && { ...event, behindNext: true },
    outcome: undefined,
  }))
}

async function tellHeldBack(wechat: Wechat, after: string): Promise<void> {
  for (const { id, document } of await events(wechat.books).list()) {
    if (document.behindNext && id !== after) await attempt(wechat, id, document.tries)
  }
}
