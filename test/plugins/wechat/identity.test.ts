import { describe, expect, it } from 'vitest'
import { openWorld, SETTINGS, unsigned } from './fake-wechat.ts'

const WITH_SECRET = { ...SETTINGS, appSecret: '0123456789abcdef0123456789abcdef' }

async function exchanged(answer: Parameters<ReturnType<typeof openWorld>['answers']>[0]) {
  const world = openWorld(WITH_SECRET)
  world.answers(answer)
  const outcome = await world.channel.identity?.exchange(world.ports, { code: '061CODE' })
  return { outcome, request: world.requests[0], logs: world.logs }
}

describe('who the payer is', () => {
  it('is asked of WeChat by a redirect, in the order that its page wants', () => {
    const { identity } = openWorld().channel
    expect(
      identity?.redirect({ returnUrl: 'https://pay.example.com/back/A1?x=1', state: 'S1_~' }),
    ).toBe(
      'https://open.weixin.qq.com/connect/oauth2/authorize?appid=wx0000000000000001&redirect_uri=https%3A%2F%2Fpay.example.com%2Fback%2FA1%3Fx%3D1&response_type=code&scope=snsapi_base&state=S1_~#wechat_redirect',
    )
    expect(identity?.codeParameter).toBe('code')
  })

  it('is told for the code that comes back', async () => {
    const { outcome, request } = await exchanged(
      unsigned(200, {
        access_token: 'TOKEN',
        expires_in: 7200,
        refresh_token: 'REFRESH',
        openid: 'oSharedOpenid000000000000001',
        scope: 'snsapi_base',
      }),
    )
    expect(outcome).toEqual({ kind: 'identified', userId: 'oSharedOpenid000000000000001' })
    expect(request).toMatchObject({
      method: 'GET',
      url: 'https://api.weixin.qq.com/sns/oauth2/access_token?appid=wx0000000000000001&secret=0123456789abcdef0123456789abcdef&code=061CODE&grant_type=authorization_code',
    })
    expect(request?.headers).not.toHaveProperty('Authorization')
  })

  it.each([
    [40029, 'failed', 'invalid_request'],
    [40163, 'failed', 'duplicate'],
    [40013, 'failed', 'config'],
    [40125, 'failed', 'config'],
    [45011, 'failed', 'rate_limited'],
    [-1, 'unknown', 'channel_busy'],
    [99999, 'unknown', 'unmapped'],
  ])('is not told after error %i', async (errcode, kind, meaning) => {
    const { outcome } = await exchanged(unsigned(200, { errcode, errmsg: 'said so' }))
    expect(outcome).toMatchObject({
      kind,
      error: { code: String(errcode), message: 'said so', class: meaning },
    })
  })

  it.each([
    ['is a page', unsigned(502, '<html></html>')],
    ['has no openid', unsigned(200, { access_token: 'TOKEN' })],
    ['has an empty one', unsigned(200, { openid: '' })],
    ['has one under an error', unsigned(500, { openid: 'o1' })],
    ['never comes', async () => ({ kind: 'unknown', evidence: 'timeout' }) as const],
  ])('is unknown when the answer %s', async (_, answer) => {
    expect((await exchanged(answer)).outcome).toMatchObject({ kind: 'unknown' })
  })

  it('is not asked for without the secret of the app', async () => {
    const world = openWorld()
    expect(await world.channel.identity?.exchange(world.ports, { code: '061CODE' })).toEqual({
      kind: 'not_sent',
      reason: 'openids need the AppSecret (appSecret)',
    })
    expect(world.requests).toEqual([])
  })

  it('leaves secret, code and openid out of the log', async () => {
    const { logs } = await exchanged(unsigned(200, { errcode: 40029, errmsg: 'code 061CODE' }))
    expect(logs).toEqual([
      {
        level: 'warn',
        message: 'WeChat did not tell an openid',
        fields: { code: '40029', class: 'invalid_request' },
      },
    ])
  })
})
