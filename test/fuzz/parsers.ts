import { readChannelExtra } from '../../core/http/jeepay/channel-extra.ts'
import { askedToWaitMs } from '../../core/notification/retry-after.ts'
import { parseTraceparent } from '../../core/observability/trace.ts'
import { assert } from '../../core/result.ts'
import { unseal } from '../../core/sealing/seal.ts'
import { isTokenOf } from '../../core/signing/token.ts'
import { HOUR_MS } from '../../core/time.ts'
import { readFundsRow, readTradeRow } from '../../plugins/alipay/bill-rows.ts'
import { sumsOfFunds, sumsOfTrades } from '../../plugins/alipay/bill-sums.ts'
import { billText, readBillTable } from '../../plugins/alipay/bill-table.ts'
import { readCertificates } from '../../plugins/alipay/certificate.ts'
import { rootSerialOf, serialOf } from '../../plugins/alipay/certificate-serial.ts'
import { nameText } from '../../plugins/alipay/distinguished-name.ts'
import { rawMembers } from '../../plugins/alipay/envelope.ts'
import { decodeForm } from '../../plugins/alipay/form.ts'
import { alipay } from '../../plugins/alipay/index.ts'
import * as alipayKeys from '../../plugins/alipay/key-material.ts'
import { unzip } from '../../plugins/alipay/zip.ts'
import { readCertificate } from '../../plugins/wechat/certificate.ts'
import { readFundFlowBill } from '../../plugins/wechat/fund-flow-bill.ts'
import { wechat } from '../../plugins/wechat/index.ts'
import * as wechatKeys from '../../plugins/wechat/key-material.ts'
import { readTradeBill } from '../../plugins/wechat/trade-bill.ts'
import { readXml, writeXml } from '../../plugins/wechat/xml.ts'
import * as alipayBills from '../plugins/alipay/bill-files.ts'
import * as ali from '../plugins/alipay/fake-alipay.ts'
import * as wechatBills from '../plugins/wechat/bill-files.ts'
import * as wx from '../plugins/wechat/fake-wechat.ts'
import type { Bytes } from './mutate.ts'
import { bytesOf, ofBytes, ofText, type Target } from './target.ts'

const keyRing = [{ id: 'k1', bytes: new Uint8Array(32).fill(7) }] as const
const { certificates } = ali.vectors
const platform = wx.vectors.platform_certificates

const fundsTable = [
  '#支付宝账务明细查询',
  '#-----------------------------------------账务明细列表----------------------------------------',
  alipayBills.FUNDS_COLUMNS.join(','),
  '1,2,P1,商品,2026-01-01 08:00:00,a@b.c,0.01,0.00,1.00,支付宝,在线支付,',
  '#-----------------------------------------账务明细列表结束------------------------------------',
  '#支出合计：0笔，共0.00元',
  '#收入合计：1笔，共0.01元',
].join('\r\n')

function readAlipayBill(bytes: Bytes): void {
  const table = readBillTable(billText(bytes))
  for (const row of table?.rows ?? []) {
    readTradeRow(row)
    readFundsRow(row)
  }
  sumsOfTrades(table?.remarks ?? [])
  sumsOfFunds(table?.remarks ?? [])
}

/** As a header brings it: a character a byte, without those that no header can have. */
function readRetryAfter(bytes: Bytes): void {
  const text = Array.from(bytes, (byte) => String.fromCharCode(byte)).join('')
  const headers = new Headers({ 'retry-after': text.replace(/[\0\r\n]/g, '') })
  const waitMs = askedToWaitMs(429, headers, 1_767_196_800_000)
  assert(waitMs >= 0 && waitMs <= HOUR_MS, `an hour at most, not ${waitMs}`)
}

/** Each parser by itself: what it cannot read, it refuses. */
export const parsers: readonly Target[] = [
  ofText('channelExtra', ['', '{}', '[]', '{"payDataType":"codeUrl","a":{"b":[1,null]}}'], (text) =>
    readChannelExtra(text),
  ),
  ofText(
    'traceparent',
    ['00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01'],
    parseTraceparent,
  ),
  ofBytes(
    'Retry-After',
    ['0', '120', '99999999999999999999', 'Wed, 31 Dec 2025 16:01:00 GMT', 'soon'].map(bytesOf),
    readRetryAfter,
  ),
  ofText(
    'sealed token',
    ['eyJhbGciOiJkaXIiLCJlbmMiOiJBMjU2R0NNIiwia2lkIjoiazEifQ..a.b.c'],
    (text) => unseal(keyRing, 'identity', text),
  ),
  ofText('token', ['D6uos_DVr_YDdRQl_WMxKg'], (text) => isTokenOf(keyRing, 'qr_image', text, text)),
  ofText(
    'wechat XML',
    [writeXml({ return_code: 'SUCCESS', a: ']]>', b: '' }), '<xml><a/></xml>'],
    readXml,
  ),
  ofText('wechat certificate', [platform.old.certificate_pem], readCertificate),
  ofText(
    'wechat keys',
    [wx.SETTINGS.merchantPrivateKey, wx.SETTINGS.wechatpayPublicKey.key],
    (text) => [wechatKeys.pkcs8Of(text), wechatKeys.spkiOf(text)],
  ),
  ofText('wechat settings', [wx.SETTINGS.merchantPrivateKey], (merchantPrivateKey) =>
    wechat.bind({ ...wx.SETTINGS, merchantPrivateKey }),
  ),
  ofText('wechat trade bill', [wechatBills.tradeBill([wechatBills.tradeRow()])], readTradeBill),
  ofText('wechat funds bill', [wechatBills.fundsBill([wechatBills.fundsRow()])], readFundFlowBill),
  ofText('alipay certificates', [certificates.app, certificates.root], (text) => {
    for (const certificate of readCertificates(text)) {
      serialOf(certificate)
      nameText(certificate.subject)
    }
    rootSerialOf(text)
  }),
  ofText('alipay keys', [ali.SETTINGS.appPrivateKey, ali.SETTINGS.alipayPublicKey], (text) => [
    alipayKeys.pkcs8Of(text),
    alipayKeys.spkiOf(text),
    alipayKeys.derBlocksOf(text),
  ]),
  ofText('alipay settings', [certificates.app], (appCert) =>
    alipay.bind({ ...ali.CERTIFICATE_SETTINGS, appCert }),
  ),
  ofText(
    'alipay envelope',
    ['{"a_response":{"code":"10000","x":[{"y":"\\/"}]},"sign":"a"}'],
    rawMembers,
  ),
  ofBytes(
    'alipay form',
    [bytesOf('charset=gbk&a=%B2%E2&b=1+2'), bytesOf('a=1&b=%E6%B5%8B')],
    decodeForm,
  ),
  ofBytes('alipay archive', [Buffer.from(alipayBills.WRITTEN_BY_PYTHON, 'base64')], unzip),
  ofBytes('alipay bill', [alipayBills.gbk(fundsTable)], readAlipayBill),
]
