import { createGroup } from '../../core/split/receivers.ts'
import { SECOND_MS } from '../../core/time.ts'
import {
  type App,
  type Envelope,
  type Fields,
  openShop,
  type Shop,
  type ShopOptions,
} from './shop.ts'

/** A shop with a group of receivers, and the calls that sharing takes. */
export interface SharingShop {
  readonly shop: Shop
  readonly groupId: number
  binds(fields?: Fields, as?: App): Promise<Envelope>
  /** Binds and gives the receiver's number. */
  bound(fields?: Fields): Promise<number>
  /** A payment of 1,000 fen (fee 6) that may be shared, old enough for it. */
  paid(fields?: Fields): Promise<string>
  exec(payOrderId: string, fields?: Fields, as?: App): Promise<Envelope>
  /** The same with receivers as JeePay's clients write them: JSON in a text. */
  shares(payOrderId: string, receivers: readonly object[], fields?: Fields): Promise<Envelope>
  returns(payOrderId: string, fields: Fields): Promise<Envelope>
}

export async function openSharing(options: ShopOptions = {}): Promise<SharingShop> {
  const shop = await openShop(options)
  const { core } = shop.gateway
  const { merchantNo } = shop.app
  const groupId = await createGroup(core, { merchantNo, name: '门店', isAutomatic: false })
  const sharing: SharingShop = {
    shop,
    groupId,
    binds: (fields = {}, as) =>
      shop.calls('/api/division/receiver/bind', { ...aReceiver(groupId), ...fields }, as),
    async bound(fields) {
      const { data } = await sharing.binds(fields)
      return Number(data?.receiverId)
    },
    async paid(fields = {}) {
      const payOrderId = await shop.orders({ divisionMode: 2, ...fields })
      await shop.payerPays(payOrderId)
      shop.told.length = 0
      await shop.clock.advance(31 * SECOND_MS)
      return payOrderId
    },
    exec: (payOrderId, fields = {}, as) =>
      shop.calls(
        '/api/division/exec',
        { payOrderId, useSysAutoDivisionReceivers: 0, ...fields },
        as,
      ),
    shares: (payOrderId, receivers, fields = {}) =>
      sharing.exec(payOrderId, { receivers: JSON.stringify(receivers), ...fields }),
    returns: (payOrderId, fields) => shop.calls('/api/division/return', { payOrderId, ...fields }),
  }
  return sharing
}

export function aReceiver(receiverGroupId: number): Fields {
  return {
    ifCode: 'bank',
    receiverGroupId,
    accType: 1,
    accNo: 'store-1',
    accName: '一号店',
    relationType: 'STORE',
    divisionProfit: '0.3',
  }
}

/** Each receiver's share as an answer tells it. */
export function sharesIn(answer: Envelope): Record<string, unknown>[] {
  return JSON.parse(String(answer.data?.receivers ?? '[]'))
}

/** How far the sharing of the shop's payments has come, and what is set aside for it. */
export async function sharingOf(shop: Shop): Promise<readonly unknown[] | undefined> {
  const sql = 'select split_state, split_reserved_minor, frozen_because from payments'
  const [rows] = await shop.database.batch([{ sql, args: [] }], 'read')
  return rows?.[0]
}

export const callsOf = (shop: Shop, operation: string): readonly string[] =>
  shop.bank.calls.filter((call) => call.startsWith(`${operation} `))
