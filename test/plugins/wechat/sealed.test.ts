import { expect, it } from 'vitest'
import { open } from '../../../plugins/wechat/sealed.ts'
import { vectors } from './fake-wechat.ts'

const { ours, published } = vectors
const algorithm = 'AEAD_AES_256_GCM'
const ITEM = { algorithm, ...ours.certificate_item } as const

it("opens the vector of WeChat's own SDK", async () => {
  const { key, plaintext, ...sealed } = published.aes_gcm
  expect(await open(key, { algorithm, ...sealed })).toEqual({ ok: true, value: plaintext })
})

it('opens a certificate', async () => {
  expect(await open(ours.apiv3_key, ITEM)).toEqual({
    ok: true,
    value: ours.certificate_item.plaintext,
  })
})

it.each([
  ['the key is another', ours.apiv3_key.replace('S', 'T'), ITEM],
  ['the key is no AES key', 'short', ITEM],
  ['a byte of the associated data is another', ours.apiv3_key, { ...ITEM, associated_data: 'd' }],
  ['the associated data is missing', ours.apiv3_key, { ...ITEM, associated_data: '' }],
  ['the nonce is another', ours.apiv3_key, { ...ITEM, nonce: 'sharedgcm003' }],
  [
    'a byte of the text is another',
    ours.apiv3_key,
    { ...ITEM, ciphertext: `H${ITEM.ciphertext.slice(1)}` },
  ],
  ['the text is cut', ours.apiv3_key, { ...ITEM, ciphertext: ITEM.ciphertext.slice(4) }],
])('does not open when %s', async (_, key, sealed) => {
  expect(await open(key, sealed)).toEqual({ ok: false, refusal: 'key' })
})

// The inputs on which another client crashed (reference §19.1, 6).
it.each([
  ['', ITEM.ciphertext],
  ['a', ITEM.ciphertext],
  ['abcdef', ITEM.ciphertext],
  ['abcdefghijklm', ITEM.ciphertext],
  // Twelve characters, but more bytes.
  ['一二三四五六七八九十十一', ITEM.ciphertext],
  [ITEM.nonce, ''],
  [ITEM.nonce, '!!!not-base64!!!'],
  [ITEM.nonce, 'AAAA'],
  // The tag alone: 16 bytes.
  [ITEM.nonce, 'AAAAAAAAAAAAAAAAAAAAAA=='],
])('refuses an odd shape before it decrypts: nonce "%s", text "%s"', async (nonce, ciphertext) => {
  expect(await open(ours.apiv3_key, { ...ITEM, nonce, ciphertext })).toEqual({
    ok: false,
    refusal: 'shape',
  })
})
