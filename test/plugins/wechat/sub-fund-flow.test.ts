/** What moved in a sub-merchant's account: files that are encrypted for the service provider. */
import { createPrivateKey, createPublicKey } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { Aes, Rsa } from 'wechatpay-axios-plugin'
import type { HttpAnswer } from '../../../core/plugin/api.ts'
import { fundsBill, fundsRow, packed, sha1Of } from './bill-files.ts'
import { openWorld, signed, unsigned, vectors } from './fake-wechat.ts'
import { PARTNER_SETTINGS } from './fixtures.ts'

const DOWNLOAD = 'https://api.mch.weixin.qq.com/v3/billdownload/file?token='
const KEY = '0123456789abcdefghijklmnopqrstuv'
const NONCE = 'fdasflkja484'
const WHOLE = fundsBill([fundsRow(), fundsRow({ remark: '第二' })])
/** Cut in the middle of a row, and of a character's bytes it would not be. */
const PARTS = [WHOLE.slice(0, 170), WHOLE.slice(170)] as const

const forProvider = createPublicKey(
  createPrivateKey({
    key: Buffer.from(vectors.ours.merchant_private_key_pkcs8, 'base64'),
    format: 'der',
    type: 'pkcs8',
  }),
)

/** As somebody else's client encrypts for a merchant. */
const wrapped = (key: string) => Rsa.encrypt(key, forProvider)

function listed(text: string, sequence: number, changes: object = {}) {
  return {
    bill_sequence: sequence,
    hash_type: 'SHA1',
    hash_value: sha1Of(text),
    download_url: `${DOWNLOAD}${sequence}`,
    encrypt_key: wrapped(KEY),
    nonce: NONCE,
    ...changes,
  }
}

const places = (...files: object[]) =>
  signed(200, { download_bill_count: files.length, download_bill_list: files })

function sealed(text: string, key = KEY): () => Promise<HttpAnswer> {
  return file(Buffer.from(Aes.AesGcm.encrypt(text, key, NONCE, ''), 'base64'))
}

function file(bytes: Uint8Array): () => Promise<HttpAnswer> {
  const body = new Uint8Array(bytes)
  return async () => ({ kind: 'answered', status: 200, headers: new Headers(), body })
}

async function fetched(...answers: Parameters<ReturnType<typeof openWorld>['answers']>[0][]) {
  const world = openWorld(PARTNER_SETTINGS)
  for (const answer of answers) world.answers(answer)
  const input = { kind: 'fund_flow', date: '2026-01-01' }
  return { outcome: await world.channel.bills?.(world.ports, input), requests: world.requests }
}

describe("the fund flow of a sub-merchant's account", () => {
  it('is fetched, decrypted, compared and read', async () => {
    const { outcome, requests } = await fetched(places(listed(WHOLE, 1)), sealed(WHOLE))
    expect(outcome).toMatchObject({
      kind: 'ready',
      rows: [{ about: 'funds', remark: '缺货' }, { remark: '第二' }],
      totals: { rows: 2 },
    })
    expect(requests[1]?.url).toBe(`${DOWNLOAD}1`)
  })

  it('is put together of its files in the order of their numbers', async () => {
    const { outcome } = await fetched(
      places(listed(PARTS[1], 2), listed(PARTS[0], 1)),
      sealed(PARTS[0]),
      sealed(PARTS[1]),
    )
    expect(outcome).toMatchObject({ kind: 'ready', totals: { rows: 2 } })
  })

  it('may have a key that is written as base64', async () => {
    const encrypt_key = wrapped(Buffer.from(KEY).toString('base64'))
    const { outcome } = await fetched(places(listed(WHOLE, 1, { encrypt_key })), sealed(WHOLE))
    expect(outcome).toMatchObject({ kind: 'ready' })
  })

  it('is nothing when there are no files', async () => {
    expect((await fetched(places())).outcome).toEqual({ kind: 'empty' })
    const none = unsigned(400, { code: 'NO_STATEMENT_EXIST', message: '' })
    expect((await fetched(none)).outcome).toEqual({ kind: 'empty' })
  })

  it.each([
    ['another key', places(listed(WHOLE, 1)), sealed(WHOLE, `${KEY.slice(1)}x`)],
    ['no encryption', places(listed(WHOLE, 1)), file(packed(WHOLE))],
    ['a key for somebody else', places(listed(WHOLE, 1, { encrypt_key: 'AAAA' })), sealed(WHOLE)],
    ['another hash', places(listed(`${WHOLE} `, 1)), sealed(WHOLE)],
  ])('is not believed with %s', async (_, place, answer) => {
    expect((await fetched(place, answer)).outcome).toMatchObject({ kind: 'unknown' })
  })

  it('is not believed when a file is missing', async () => {
    const one = signed(200, { download_bill_count: 2, download_bill_list: [listed(WHOLE, 1)] })
    expect((await fetched(one)).outcome).toEqual({
      kind: 'unknown',
      evidence: 'answered 2 files, and named 1',
    })
    const half = await fetched(places(listed(PARTS[0], 1)), sealed(PARTS[0]))
    expect(half.outcome).toMatchObject({ kind: 'unknown' })
  })

  it('is fetched from nobody but WeChat Pay', async () => {
    const elsewhere = { download_url: 'https://example.com/bill' }
    const { outcome, requests } = await fetched(places(listed(WHOLE, 1, elsewhere)))
    expect(outcome).toMatchObject({ kind: 'unknown' })
    expect(requests).toHaveLength(1)
  })
})
