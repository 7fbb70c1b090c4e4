import {
  type ChannelPorts,
  type NotSent,
  ok,
  type Result,
  refuse,
  SECOND_MS,
  type Unknown,
} from '../../core/plugin/api.ts'
import type { Bytes } from './bytes.ts'
import { unzip } from './zip.ts'

const TIMEOUT_MS = 25 * SECOND_MS
const MAX_ARCHIVE_BYTES = 16 * 1024 * 1024

/**
 * Downloads a bill and unpacks its files. Nothing signs it: it is what Alipay's host gives to an
 * address that Alipay signed. The address often begins with http, and is called with https.
 */
export async function downloadBill(
  { http }: ChannelPorts,
  address: string,
): Promise<Result<readonly Bytes[], NotSent | Unknown>> {
  const url = address.replace(/^http:/, 'https:')
  const answer = await http.send({
    method: 'GET',
    url,
    // Programs that say that they are programs are answered 403 (reference §13).
    headers: { 'User-Agent': 'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36' },
    timeoutMs: TIMEOUT_MS,
    maxAnswerBytes: MAX_ARCHIVE_BYTES,
  })
  if (answer.kind !== 'answered') return refuse(answer)
  if (answer.status !== 200) {
    return refuse({ kind: 'unknown', evidence: `the bill host answered ${answer.status}` })
  }
  const entries = await unzip(answer.body)
  if (entries === undefined) return refuse({ kind: 'unknown', evidence: 'fetched no archive' })
  return ok(entries.map(({ contents }) => contents))
}
