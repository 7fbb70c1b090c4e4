import { expect, it } from 'vitest'
import { DEMO_MERCHANT, PLATFORM_PUBLIC_KEY } from '../../../../plugins/wechat/sandbox/keys.ts'
import { sign, verifies } from '../../../../plugins/wechat/sandbox/rsa.ts'

// Recorded with node:crypto and reproduced by wechatpay-axios-plugin 0.9.6.
const POST_SIGNATURE =
  'ZE5y1IYeTTzEHhMMgT2TLJLcEMTg71kUn6JS27kytKRP0d2o2epyhCjJV2b0pbIWg6MyVqH5cTWBGqP5Z8czlSMloO8ZsiWipsjOcAfWnm/kSe/lxQlCLjYOBbprnVknColamWbD/cTtgMc5e9o41PyuGqh2we1RIPs6T04VmErf/MFzoyLojB9Sw87LivraUClQ2tVu5FXJwgx8e12i5a9WCEKWmjcQhcd+H6bEhi/i6m0U5SZUuUpyEDtPjLV52DuxDweWu5IbLpjuWWVJihB2Kna1Lrnmap1o5/oXwYxo3Td9Zr7qnZxMYTJaebB2S5X9u6bZFc51N3zB724Rag=='
const POST_MESSAGE = [
  'POST',
  '/v3/pay/transactions/jsapi',
  '1767225600',
  'SHAREDNONCE0000000000000000000001',
  '{"appid":"wx0000000000000001","mchid":"1900000109","description":"测试商品-1","out_trade_no":"S20260101000001","notify_url":"https://pay.example.com/n/wx/1","amount":{"total":100,"currency":"CNY"},"payer":{"openid":"oSharedOpenid000000000000001"}}',
  '',
].join('\n')

it('verifies what a merchant signed, and not a byte less', async () => {
  const { publicKey } = DEMO_MERCHANT
  const message = new TextEncoder().encode(POST_MESSAGE)
  expect(await verifies(publicKey, message, POST_SIGNATURE)).toBe(true)
  expect(await verifies(publicKey, message.slice(0, -1), POST_SIGNATURE)).toBe(false)
  expect(await verifies(publicKey, message, `A${POST_SIGNATURE.slice(1)}`)).toBe(false)
  expect(await verifies(publicKey, message, POST_SIGNATURE.slice(0, -2))).toBe(false)
  expect(await verifies(publicKey, message, 'not base64')).toBe(false)
})

it.each([
  [
    'an answer',
    '1767225604\nsharedrespnonce00000000000000001\n{"prepay_id":"wx01010800000000000000000000000001"}\n',
    'mN6vZLq5JaUe0M45lckg5x5HqDon+iH4ZzzW9jYDeqH5PEydiXsN2259SVoHKAZ0ihUIeYcS5p0QMnQuCV22+zcC4vWDY0TSPb5p03Uh3WUmsEeO16oT/PcDUfWDpiRMRTLmbHCDjjuIjcKfHIWTFsramkXFaVAGbn/a2+EjpO/kBfyqYx1HpA7QA3IwuQ5qseSzFtYMyqLGBh9+Z+nITT2ftL6PcJh4wjGrhqLNCsq1R8GjXaVT7u/62zsjdtWJ4Fx75yeI1Jueb39lIFBzZXVjVwwsi+ksJrBakeY9hdKjgehiFtlTvJR4hMt8IwTA2cN6gyu7DTioks0mEu1ZKw==',
  ],
  [
    'an answer without a body',
    '1767225605\nsharedrespnonce00000000000000002\n\n',
    'haSs+BRyjz7w7bxYUM3xh2APg+GoMXMfXaSk+jaGRpMSiybSUHEhqnPG/euUlbSEftfEM80rPlwxeVCqHWndj2zsdXY2YJlVTCZSoJWikxXcx35NAyGJ9JZ+A8dvqXRZBrsVh7++2IToA3JSRunJfbyAZKCvKUYNiBSJmwlqtz3xbym5oXQZ2SvOeGa85rqkkpcwWaV4+UhO6dsTP93GsO1Rm94lW/KWFhlMQUCw7De1i+FvG8Bbkwk1oc40jVH32ZBpaWoefHunh46xI2qEkGgRGHAZBELGdxfQXWE7y7jR2MoR+3YMbAlpneyuV1RtPbw1qdLIWn05SO6a8/bSeQ==',
  ],
])('signs %s as the recorded one was signed', async (_what, message, signature) => {
  expect(await sign(PLATFORM_PUBLIC_KEY.privateKey, message)).toBe(signature)
})
