import { describe, expect, it } from 'vitest'
import {
  gatewayError,
  lost,
  ok,
  openWorld,
  PROVIDER_SETTINGS,
  refused,
  SETTINGS,
  sent,
  vectors,
} from './fake-alipay.ts'

const RETURN = 'https://pay.example.com/api/channelUserId/oauth2Callback?x=1'

function identityOf(settings: object = SETTINGS) {
  const world = openWorld(settings)
  const { identity } = world.channel
  if (identity === undefined) throw new Error('the channel identifies nobody')
  return { ...world, identity }
}

describe('asking a payer for consent', () => {
  it.each([
    ['production', 'https://openauth.alipay.com/oauth2/publicAppAuthorize.htm'],
    ['sandbox', 'https://openauth-sandbox.dl.alipaydev.com/oauth2/publicAppAuthorize.htm'],
  ])('leads in %s to a page that asks nothing', (environment, page) => {
    const { identity } = identityOf({ ...SETTINGS, environment })
    const url = new URL(identity.redirect({ returnUrl: RETURN, state: 'a.b/c+d=' }))
    expect(`${url.origin}${url.pathname}`).toBe(page)
    expect(Object.fromEntries(url.searchParams)).toEqual({
      app_id: '2021000000000001',
      scope: 'auth_base',
      redirect_uri: RETURN,
      state: 'a.b/c+d=',
    })
    expect(identity.codeParameter).toBe('auth_code')
  })
})

describe('exchanging the code', () => {
  it('is done by the application itself, whichever merchant it works for', async () => {
    const world = identityOf({ ...PROVIDER_SETTINGS, contentKey: vectors.ours.aes.key })
    world.answers(ok({ code: undefined, open_id: '0712sharedOpenId-_1', access_token: 'secret' }))
    expect(await world.identity.exchange(world.ports, { code: 'c0de' })).toEqual({
      kind: 'identified',
      userId: '0712sharedOpenId-_1',
    })
    const fields = sent(world.requests[0])
    expect(fields).toMatchObject({
      method: 'alipay.system.oauth.token',
      grant_type: 'authorization_code',
      code: 'c0de',
    })
    for (const name of ['app_auth_token', 'biz_content', 'encrypt_type']) {
      expect(fields).not.toHaveProperty(name)
    }
    expect(JSON.stringify(world.logs)).not.toContain('secret')
  })

  it('names the user id with applications that still get those', async () => {
    const world = identityOf()
    world.answers(ok({ user_id: '2088000000000100', open_id: '0712' }))
    expect(await world.identity.exchange(world.ports, { code: 'c0de' })).toMatchObject({
      userId: '2088000000000100',
    })
  })

  it.each([
    ['the code is used or old', gatewayError('40002', 'isv.code-invalid'), 'failed'],
    [
      'it is so in the node of errors',
      gatewayError('40002', 'isv.code-invalid', { node: 'error_response' }),
      'failed',
    ],
    ['the business refuses it', refused('ACQ.SOMETHING_NEW'), 'failed'],
    ['the system had an error', refused('SYSTEM_ERROR'), 'unknown'],
    ['the service was not available', gatewayError('20000', 'isp.unknow-error'), 'unknown'],
    ['nobody answers', lost, 'unknown'],
    ['it names nobody', ok({ user_id: '' }), 'unknown'],
    ['nobody signed it', ok({ user_id: '2088000000000100' }, { sign: '' }), 'unknown'],
    ['there are too many calls', gatewayError('40005', ''), 'not_sent'],
  ])('identifies nobody when %s', async (_because, answers, kind) => {
    const world = identityOf()
    world.answers(answers)
    expect(await world.identity.exchange(world.ports, { code: 'c0de' })).toMatchObject({ kind })
  })
})
