import { inflateSync } from 'node:zlib'
import { decodeQR } from 'qr/decode.js'
import { describe, expect, it } from 'vitest'
import { imageUrlOf } from '../../../core/http/image.ts'
import type { PaymentId } from '../../../core/ids.ts'
import { openShop, type Shop } from '../../kit/shop.ts'

const AS_IMAGE = { channelExtra: '{"payDataType":"codeImgUrl"}' }

const load = (shop: Shop, url: string) => shop.gateway.fetch(new Request(url))

/** Reads a PNG of one bit a pixel as our own writer makes it. */
function pixelsOf(png: Uint8Array) {
  expect([...png.subarray(0, 8)]).toEqual([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a])
  const view = new DataView(png.buffer, png.byteOffset, png.byteLength)
  const width = view.getUint32(16)
  const height = view.getUint32(20)
  const length = view.getUint32(33)
  const rows = inflateSync(png.subarray(41, 41 + length))
  const rowBytes = 1 + Math.ceil(width / 8)
  const data = new Uint8Array(width * height * 4)
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const byte = rows[y * rowBytes + 1 + (x >> 3)] ?? 0
      const shade = (byte >> (7 - (x & 7))) & 1 ? 255 : 0
      data.set([shade, shade, shade, 255], (y * width + x) * 4)
    }
  }
  return { width, height, data }
}

describe('the QR image', () => {
  it('is a PNG that says what the channel wants the payer to scan', async () => {
    const shop = await openShop()
    const answer = await shop.asksFor(AS_IMAGE)
    expect(answer.data).toMatchObject({ payDataType: 'codeImgUrl' })
    const url = String(answer.data?.payData)
    const payOrderId = String(answer.data?.payOrderId)
    expect(url).toMatch(
      new RegExp(`^https://pay\\.example/api/scan/imgs/${payOrderId}\\.[\\w-]{22}\\.png$`),
    )
    const response = await load(shop, url)
    expect(response.headers.get('content-type')).toBe('image/png')
    const png = new Uint8Array(await response.arrayBuffer())
    expect(decodeQR(pixelsOf(png))).toBe(`bank://${payOrderId}`)
  })

  it.each([300, 2_331, 2_332, 2_953])('draws a link of %i characters', async (length) => {
    const shop = await openShop()
    const answer = await shop.asksFor(AS_IMAGE)
    const link = `https://bank.example/?${'a'.repeat(length - 22)}`
    await shop.database.batch(
      [{ sql: 'update attempts set presentation_data = ?', args: [link] }],
      'write',
    )
    const response = await load(shop, String(answer.data?.payData))
    const png = new Uint8Array(await response.arrayBuffer())
    expect(decodeQR(pixelsOf(png))).toBe(link)
  })

  it.each([
    ['another token', (url: string) => url.replace(/\.[\w-]{22}\.png$/, `.${'A'.repeat(22)}.png`)],
    ['no token', (url: string) => url.replace(/\.[\w-]{22}\.png$/, '.png')],
    ['half a token', (url: string) => url.replace(/\w\w\.png$/, '.png')],
    ['another ending', (url: string) => url.replace('.png', '.svg')],
  ])('is not there under %s', async (_, forge) => {
    const shop = await openShop()
    const answer = await shop.asksFor(AS_IMAGE)
    const response = await load(shop, forge(String(answer.data?.payData)))
    expect(response.status).toBe(404)
  })

  it('is not there under the token of another payment', async () => {
    const shop = await openShop()
    const one = String((await shop.asksFor(AS_IMAGE)).data?.payData)
    const other = await shop.orders()
    expect((await load(shop, one.replace(/P\d+/, other))).status).toBe(404)
  })

  it('is gone once the payment has expired', async () => {
    const shop = await openShop()
    const answer = await shop.asksFor({ ...AS_IMAGE, expiredTime: 60 })
    const url = String(answer.data?.payData)
    await shop.clock.advance(59_999)
    expect((await load(shop, url)).status).toBe(200)
    await shop.clock.advance(1)
    expect((await load(shop, url)).status).toBe(404)
  })

  it.each([
    ['paid', (shop: Shop, id: string) => shop.payerPays(id)],
    ['closed', (shop: Shop, id: string) => shop.closes(id)],
  ])('is gone once the payment is %s', async (_, happens) => {
    const shop = await openShop()
    const answer = await shop.asksFor(AS_IMAGE)
    await happens(shop, String(answer.data?.payOrderId))
    expect((await load(shop, String(answer.data?.payData))).status).toBe(404)
  })

  it('is not made of what is not meant for drawing', async () => {
    const shop = await openShop()
    const answer = await shop.asksFor({ wayCode: 'ALI_APP', ...AS_IMAGE })
    expect(answer.data).toMatchObject({ payDataType: 'aliapp' })
    const url = await imageUrlOf(shop.gateway.core, answer.data?.payOrderId as PaymentId)
    expect((await load(shop, url)).status).toBe(404)
  })
})
