import * as z from 'zod'
import type { ChannelPorts } from '../../core/plugin/api.ts'
import { decodeBase64 } from './base64.ts'
import { billPlaceSchema, type FetchedBill, fetchBill } from './bill-file.ts'
import { CALL_TIMEOUT_MS, callWechat } from './call.ts'
import type { WechatConfig } from './config.ts'
import type { Bytes } from './der.ts'
import { outcomeOf } from './endings.ts'
import { pkcs8Of } from './key-material.ts'
import { misfitOf } from './misfit.ts'
import { subMerchant } from './mode.ts'
import { BILL_ENDINGS } from './money-out-endings.ts'
import { queryOf } from './request.ts'
import { OAEP } from './sensitive.ts'

/**
 * Fetches what moved in a sub-merchant's account. It comes in one file or several, each encrypted
 * under a key of its own, which is encrypted for the provider. Not asked for packed: nobody says
 * whether WeChat packs before it encrypts or after.
 *
 * @see WeChat Pay APIv3 "fund-flow bill of one sub-merchant" (reference §14)
 */
export async function fetchSubFundFlowBill(
  ports: ChannelPorts,
  config: WechatConfig,
  date: string,
): Promise<FetchedBill> {
  const algorithm = 'AEAD_AES_256_GCM'
  const of = { ...subMerchant(config), bill_date: date, account_type: 'BASIC', algorithm }
  const answer = await callWechat(ports, config, {
    method: 'GET',
    path: `/v3/bill/sub-merchant-fundflowbill${queryOf(of)}`,
    timeoutMs: CALL_TIMEOUT_MS,
  })
  if (answer.kind === 'error') return outcomeOf(BILL_ENDINGS, answer)
  if (answer.kind !== 'verified') return answer
  const places = placesSchema.safeParse(answer.body)
  if (!places.success) {
    return { kind: 'unknown', evidence: `answered, but ${misfitOf(places.error)}` }
  }
  const { download_bill_count: count, download_bill_list: files } = places.data
  if (count !== files.length) {
    return { kind: 'unknown', evidence: `answered ${count} files, and named ${files.length}` }
  }
  if (count === 0) return { kind: 'empty' }

  const texts: string[] = []
  for (const file of files.toSorted((a, b) => a.bill_sequence - b.bill_sequence)) {
    const { download_url: url, hash_value: sha1 } = file
    const decrypt = (bytes: Bytes) => decrypted(config, file, bytes)
    const fetched = await fetchBill(ports, config, { url, sha1, decrypt })
    if (fetched.kind !== 'text') return fetched
    texts.push(fetched.text)
  }
  return { kind: 'text', text: texts.join('') }
}

const fileSchema = billPlaceSchema.extend({
  bill_sequence: z.int(),
  encrypt_key: z.string().max(1024),
  nonce: z.string().min(1).max(64),
})

/** So many files are more bill than an operation has time for. */
const MAX_FILES = 20

const placesSchema = z.object({
  download_bill_count: z.int().nonnegative(),
  download_bill_list: z.array(fileSchema).max(MAX_FILES).default([]),
})

async function decrypted(
  config: WechatConfig,
  { encrypt_key, nonce }: z.output<typeof fileSchema>,
  bytes: Bytes,
): Promise<Bytes | undefined> {
  const pkcs8 = pkcs8Of(config.merchantPrivateKey)
  const wrapped = decodeBase64(encrypt_key)
  if (pkcs8 === undefined || wrapped === undefined) return undefined
  try {
    const own = await crypto.subtle.importKey('pkcs8', pkcs8, OAEP, false, ['decrypt'])
    const raw = keyOf(new Uint8Array(await crypto.subtle.decrypt(OAEP, own, wrapped)))
    const key = await crypto.subtle.importKey('raw', raw, 'AES-GCM', false, ['decrypt'])
    const iv = new TextEncoder().encode(nonce)
    return new Uint8Array(await crypto.subtle.decrypt({ name: 'AES-GCM', iv }, key, bytes))
  } catch {
    return undefined
  }
}

const KEY_BYTES = 32

/** 32 bytes, or the base64 of them: WeChat says that the key is text, and not of which form. */
function keyOf(opened: Bytes): Bytes {
  if (opened.length === KEY_BYTES) return opened
  return decodeBase64(new TextDecoder().decode(opened)) ?? opened
}
