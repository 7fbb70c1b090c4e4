import { deposits } from '../accounts.ts'
import { orders } from '../order.ts'
import type { Party } from '../parties.ts'
import { signerOf } from '../parties.ts'
import type { Wechat } from '../settings.ts'
import { transfers } from '../transfer/standing.ts'
import { type Table, writeBill } from './csv.ts'
import type { Day } from './days.ts'
import { fundFlowBill } from './fund-flow-bill.ts'
import { ledger } from './ledger.ts'
import type { AskedBill } from './tokens.ts'
import { tradeBill } from './trade-bill.ts'

/** @returns undefined when nothing of what was asked for happened on the day */
export async function billFile(
  wechat: Wechat,
  { signer, of }: AskedBill,
  day: Day,
): Promise<Uint8Array<ArrayBuffer> | undefined> {
  const { books, settings } = wechat
  const all = await documents(orders(books))
  let table: Table | undefined
  if (of.kind === 'trade') {
    const own = all.filter(({ party }) => isOf(party, signer, of.subMchid))
    table = tradeBill(own, day, of.type, settings.feePartsPerMillion)
  } else {
    const sources = {
      orders: all,
      transfers: await documents(transfers(books)),
      deposits: await documents(deposits(wechat)),
    }
    const entries = ledger(sources, of.mchid, of.account)
    table = fundFlowBill(entries, day, settings.openingBalanceMinor)
  }
  return table && writeBill(table)
}

/** Long bills of sub-merchants come in several files; put together they are the whole. */
export function partsOf(
  file: Uint8Array<ArrayBuffer>,
  linesPerFile: number,
): readonly Uint8Array<ArrayBuffer>[] {
  const parts: Uint8Array<ArrayBuffer>[] = []
  let from = 0
  let lines = 0
  for (const [index, byte] of file.entries()) {
    if (byte === LINE_FEED) lines += 1
    if (lines < linesPerFile && index < file.length - 1) continue
    parts.push(file.slice(from, index + 1))
    from = index + 1
    lines = 0
  }
  return parts
}

const LINE_FEED = 0x0a

function isOf(party: Party, signer: string, subMchid: string | null): boolean {
  if (signerOf(party) !== signer) return false
  return subMchid === null || (party.kind === 'partner' && party.subMchid === subMchid)
}

async function documents<Document>(shelf: {
  list(): Promise<readonly { readonly document: Document }[]>
}): Promise<readonly Document[]> {
  return (await shelf.list()).map(({ document }) => document)
}

export async function sha1Of(bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-1', bytes))
  return [...digest].map((byte) => byte.toString(16).padStart(2, '0')).join('')
}

export async function gzipped(bytes: Uint8Array<ArrayBuffer>): Promise<Uint8Array<ArrayBuffer>> {
  const packed = new Blob([bytes]).stream().pipeThrough(new CompressionStream('gzip'))
  return new Uint8Array(await new Response(packed).arrayBuffer())
}
