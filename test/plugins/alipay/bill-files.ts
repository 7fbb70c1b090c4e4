/**
 * Bills as Alipay writes them, written with Node's zlib and a GBK table of our own, and one archive
 * that Python's zipfile wrote.
 */
import { crc32, deflateRawSync } from 'node:zlib'
import type { HttpAnswer } from '../../../core/plugin/api.ts'

/** A payment of 88.88, of which coupons paid 8.88; names in GBK, without the flag of UTF-8. */
export const WRITTEN_BY_PYTHON =
  'UEsDBBQAAAAIAGUzIlwq+t4UGgEAAEYCAAAwAAAAMjA4ODAwMDAwMDAwMDAwMTAxNTZfMjAyNjAxMDFf0rXO8cP3z7gou+PX3CkuY3N2lZFhS4NAGMdfT/A7CL69yZ00d/lVYp9Oqq03YUMtPRu1FLvVljYVxoKi3jRobAQRjCI1pYN6Ycdx/P48/+fh+D9isn9s6nuRMV47j+n86Dk85DkxHtmeZu/IEGP4cxBELaWTlf0VJUHszwqLrFwsIJqeQxTEAoRqcTuCICRxcvLbJbOubFaz7qm+eHajv9Tt4bmhZyz0e9sDOQw3fR+4TpSaPWM3neuUfoDr0WDJyBzdlbnUutMDrQcur0hEDRqX8jusW8+5Y+qMHHQnGytk+q3P8doKK5EEryXmM0+dysZz9oT4DdAACECAsYQxwFCCGedYUPE0obRV6va21JL/kR8bn/tA32vmJxqk/0Z18vTHFhVVbqso3+IXUEsDBBQAAAAIAGUzIlwhB3Pu8gEAAN0DAAAqAAAAMjA4ODAwMDAwMDAwMDAwMTAxNTZfMjAyNjAxMDFf0rXO8cP3z7guY3N2nVNNb9NAED07Uv6DpVwg2oTdJXFWOfETuKMeKtQbFT3C38GiSVGlYCe2E8dWgGDXtUnSBNsRSEgFcSFA1KoSRS1C7PpDcaGHiPVqNfvmzdN4ZrYQNrqqtDtTxqfD80lX/jJt5XOFwNMtUb+HISFwtRBEVWGDuu0T13AC+31EwcLrBUT+K4icgIewHu0NnufDIOz9y8JZFtUqrbvSFF8eSd/Xjcnn4t8z+7O5boHDN/2Guqc8pSZTe3F8NKKYrQ0v2zbodMymKxmfwWjRPoyMoaUspGNKZkbEkd/Nz30JhIFKCwRUXzMDr98ATNM8UZdi038m7lFJY+YqbpBc4xT0b89/JYDR0kJp94r3rdX/kInOXJ2W7k0uMupOK0qF0Zjm5FKbZryD5l/AyBssrYvOWLduHXw9OKNpa7/Hp9o0cWuhc5aYUnf+JJ9jrWKdxpg2vAKzC3HgLqoJNYyrQgzg25WqUCMcYAXmgPzJ9Vk9OcBUShDRzUMSN/s6sMqB9Ouqg6Xj3djZfFwsFu9sPdrc3nmwVb7/cPsmBwgpEwIILEMIVkcErq7cFbsEy5XEy/3vlJkf3Z/rTVkhGrCJYYs6klxxP52AnhwlTcu7n7a1J8cIDWKtiYNgNojBKWsVl0VprGK0f7AhveZxCXVcqyP2uP4AUEsBAhQDFAAAAAgAZTMiXCr63hQaAQAARgIAADAAAAAAAAAAAAAAAIABAAAAADIwODgwMDAwMDAwMDAwMDEwMTU2XzIwMjYwMTAxX9K1zvHD98+4KLvj19wpLmNzdlBLAQIUAxQAAAAIAGUzIlwhB3Pu8gEAAN0DAAAqAAAAAAAAAAAAAACAAWgBAAAyMDg4MDAwMDAwMDAwMDAxMDE1Nl8yMDI2MDEwMV/Stc7xw/fPuC5jc3ZQSwUGAAAAAAIAAgC2AAAAogMAAAAA'

export const TRADE_COLUMNS = [
  '支付宝交易号',
  '商户订单号',
  '业务类型',
  '商品名称',
  '创建时间',
  '完成时间',
  '门店编号',
  '门店名称',
  '操作员',
  '终端号',
  '对方账户',
  '订单金额（元）',
  '商家实收（元）',
  '支付宝红包（元）',
  '集分宝（元）',
  '支付宝优惠（元）',
  '商家优惠（元）',
  '券核销金额（元）',
  '券名称',
  '商家红包消费金额（元）',
  '卡消费金额（元）',
  '退款批次号/请求号',
  '服务费（元）',
  '分润（元）',
  '备注',
]

export const FUNDS_COLUMNS = [
  '账务流水号',
  '业务流水号',
  '商户订单号',
  '商品名称',
  '发生时间',
  '对方账号',
  '收入金额（+元）',
  '支出金额（-元）',
  '账户余额（元）',
  '交易渠道',
  '业务类型',
  '备注',
]

/** Cells by the name of their column; text is padded with a tab, as Alipay pads it. */
export type Cells = Readonly<Record<string, string>>

export const PAYMENT: Cells = {
  支付宝交易号: '2026010122001400000000000001',
  商户订单号: 'P176722560000012345678',
  业务类型: '交易',
  商品名称: '测试商品',
  创建时间: '2026-01-01 08:00:00',
  完成时间: '2026-01-01 08:00:05',
  对方账户: '付款人(pay***@example.com)',
  '订单金额（元）': '88.88',
  '商家实收（元）': '80.00',
  '服务费（元）': '-0.48',
}

export const GIVEN_BACK: Cells = {
  ...PAYMENT,
  业务类型: '退款',
  完成时间: '2026-01-01 09:00:00',
  '订单金额（元）': '-2.00',
  '商家实收（元）': '-2.00',
  '退款批次号/请求号': 'R176722560000012345678',
  '服务费（元）': '0.01',
}

interface TableOptions {
  readonly title: string
  readonly columns: readonly string[]
  readonly rows: readonly Cells[]
  readonly sums: readonly string[]
}

export function table({ title, columns, rows, sums }: TableOptions): string {
  const row = (cells: Cells) => columns.map((column) => `${cells[column] ?? ''}\t`).join(',')
  return [
    `#支付宝${title}查询`,
    '#账号：[20880000000000010156]',
    '#起始日期：[2026年01月01日 00:00:00]   终止日期：[2026年01月02日 00:00:00]',
    `#-----------------------------------------${title}列表----------------------------------------`,
    columns.join(','),
    ...rows.map(row),
    `#-----------------------------------------${title}列表结束------------------------------------`,
    ...sums,
    '#导出时间：[2026年01月02日 06:27:10]',
    '',
  ].join('\r\n')
}

export function tradeTable(rows: readonly Cells[], changes: Partial<TableOptions> = {}): string {
  const count = (kind: string) => rows.filter((row) => row.业务类型 === kind).length
  return table({
    title: '业务明细',
    columns: TRADE_COLUMNS,
    rows,
    sums: [
      `#交易合计：${count('交易')}笔，商家实收共80.00元，商家优惠共0.00元`,
      `#退款合计：${count('退款')}笔，商家实收退款共-2.00元，商家优惠退款共0.00元`,
    ],
    ...changes,
  })
}

export function fundsTable(rows: readonly Cells[], sums: readonly string[] = []): string {
  return table({ title: '账务明细', columns: FUNDS_COLUMNS, rows, sums })
}

export interface ZipOptions {
  readonly stored?: boolean
  /** Sizes stand behind the contents alone, as those who write a stream do it. */
  readonly streamed?: boolean
  readonly comment?: string
  /** Changes the bytes of the whole archive. */
  readonly tamper?: (archive: Uint8Array) => void
}

/** An archive of files in GBK. */
export function zip(
  files: Readonly<Record<string, string>>,
  { stored = false, streamed = false, comment = '', tamper }: ZipOptions = {},
): Uint8Array<ArrayBuffer> {
  const local: Buffer[] = []
  const central: Buffer[] = []
  let offset = 0
  for (const [file, text] of Object.entries(files)) {
    const [name, contents] = [gbk(file), gbk(text)]
    const packed = stored ? contents : deflateRawSync(contents)
    const sizes = Buffer.alloc(12)
    sizes.writeUInt32LE(crc32(contents), 0)
    sizes.writeUInt32LE(packed.length, 4)
    sizes.writeUInt32LE(contents.length, 8)
    const common = Buffer.alloc(10)
    common.writeUInt16LE(20, 0)
    common.writeUInt16LE(streamed ? 8 : 0, 2)
    common.writeUInt16LE(stored ? 0 : 8, 4)
    const lengths = Buffer.alloc(4)
    lengths.writeUInt16LE(name.length, 0)
    const entry = Buffer.concat([
      Buffer.from('PK\x03\x04', 'latin1'),
      common,
      streamed ? Buffer.alloc(12) : sizes,
      lengths,
      name,
      packed,
      ...(streamed ? [Buffer.from('PK\x07\x08', 'latin1'), sizes] : []),
    ])
    const tail = Buffer.alloc(14)
    tail.writeUInt32LE(offset, 10)
    central.push(
      Buffer.concat([
        Buffer.from('PK\x01\x02', 'latin1'),
        Buffer.from([20, 0]),
        common,
        sizes,
        lengths,
        tail,
        name,
      ]),
    )
    local.push(entry)
    offset += entry.length
  }
  const directory = Buffer.concat(central)
  const end = Buffer.alloc(18)
  end.writeUInt16LE(central.length, 4)
  end.writeUInt16LE(central.length, 6)
  end.writeUInt32LE(directory.length, 8)
  end.writeUInt32LE(offset, 12)
  end.writeUInt16LE(comment.length, 16)
  const whole = new Uint8Array(
    Buffer.concat([
      ...local,
      directory,
      Buffer.from('PK\x05\x06', 'latin1'),
      end,
      Buffer.from(comment, 'latin1'),
    ]),
  )
  tamper?.(whole)
  return whole
}

/** What the bill host answers. */
export function download(archive: Uint8Array<ArrayBuffer>, status = 200) {
  return async (): Promise<HttpAnswer> => ({
    kind: 'answered',
    status,
    headers: new Headers({ 'content-type': 'application/octet-stream' }),
    body: archive,
  })
}

const CODES = new Map<string, readonly number[]>()
for (let lead = 0x81; lead <= 0xfe; lead++) {
  for (let trail = 0x40; trail <= 0xfe; trail++) {
    const character = new TextDecoder('gbk').decode(Uint8Array.of(lead, trail))
    if (character.length === 1 && !CODES.has(character)) CODES.set(character, [lead, trail])
  }
}

export function gbk(text: string): Buffer {
  return Buffer.from(
    [...text].flatMap((character) => {
      const code = character.codePointAt(0) ?? 0
      return code < 0x80 ? [code] : [...(CODES.get(character) ?? [0x3f])]
    }),
  )
}
