/** How Alipay writes a bill: CSV without quotes, lines ended by CRLF, comments behind `#`. */
import { HOUR_MS, MINUTE_MS, SECOND_MS } from '../../../../core/plugin/api.ts'
import { beijingTime } from '../beijing-time.ts'
import { yuan } from '../yuan.ts'
import type { Period } from './period.ts'

/** Text in a column: padded with a tab, and without what would end the column. */
export function cell(text: string): string {
  return `${text.replaceAll(',', '，').replace(/\s+/g, ' ')}\t`
}

/** The account of a merchant, as bills write it: the id of the merchant and four more digits. */
export function billAccount(sellerId: string): string {
  return `${sellerId}0156`
}

export function lines(...parts: readonly string[]): string {
  return parts.map((line) => `${line}\r\n`).join('')
}

/** What stands above the rows. */
export function head(title: string, sellerId: string, { fromMs, toMs }: Period): string[] {
  return [
    `#支付宝${title}查询`,
    `#账号：[${billAccount(sellerId)}]`,
    `#起始日期：[${chineseTime(fromMs)}]   终止日期：[${chineseTime(toMs)}]`,
  ]
}

export function exportedAt({ toMs }: Period): string {
  return `#导出时间：[${chineseTime(exportMs(toMs))}]`
}

/** At 6:27:10 on the day after. */
export function exportMs(toMs: number): number {
  return toMs + 6 * HOUR_MS + 27 * MINUTE_MS + 10 * SECOND_MS
}

export function totalOf(amounts: readonly number[]): string {
  return yuan(amounts.reduce((sum, fen) => sum + fen, 0))
}

/** `2026年01月01日 00:00:00`. */
function chineseTime(atMs: number): string {
  const [day = '', clock = ''] = beijingTime(atMs).split(' ')
  const [year, month, date] = day.split('-')
  return `${year}年${month}月${date}日 ${clock}`
}
