import { describe, expect, it } from 'vitest'
import { MINUTE_MS } from '../../../../core/time.ts'
import { bankWithout } from '../../../kit/bank-channel.ts'
import { type App, type Fields, openShop, type Shop, signed } from '../../../kit/shop.ts'

const CALLBACK = 'https://shop.example/openid?from=menu'

/** Opens the jump as a browser does: all in the query, signed. */
async function jumps(
  shop: Shop,
  fields: Fields = {},
  { as = shop.app, userAgent = 'Mozilla/5.0 BankApp/8.0' }: { as?: App; userAgent?: string } = {},
): Promise<Response> {
  const asked = signed({ ifCode: 'AUTO', redirectUrl: CALLBACK, ...fields }, as)
  const query = new URLSearchParams(
    Object.entries(asked).map(([name, value]): [string, string] => [name, String(value)]),
  )
  return shop.gateway.fetch(
    new Request(`https://pay.example/api/channelUserId/jump?${query}`, {
      headers: { 'user-agent': userAgent },
    }),
  )
}

/** Where the consent page sends the payer back to, with a code. */
async function wayBack(shop: Shop, fields?: Fields, as?: App): Promise<URL> {
  const jump = await jumps(shop, fields, as === undefined ? {} : { as })
  const consent = new URL(String(jump.headers.get('location')))
  const back = new URL(String(consent.searchParams.get('returnUrl')))
  back.searchParams.set('state', String(consent.searchParams.get('state')))
  back.searchParams.set('code', 'C1')
  return back
}

const opens = (shop: Shop, url: URL) => shop.gateway.fetch(new Request(url))
const refusalIn = async (response: Response) => [response.status, await response.json()]

describe('the jump to a payer’s id', () => {
  it('goes to the consent page of the channel, and back to the merchant with appId, channelUserId and extParam', async () => {
    const shop = await openShop()
    const jump = await jumps(shop, { extParam: '桌 5&x=1' })
    expect(jump.status).toBe(302)
    const consent = new URL(String(jump.headers.get('location')))
    expect(consent.origin + consent.pathname).toBe('https://bank.example/consent')
    expect(consent.searchParams.get('merchant')).toBe('shop')
    expect(consent.searchParams.get('state')).toMatch(/^[\w-]{22}$/)

    const back = await opens(shop, await wayBack(shop, { extParam: '桌 5&x=1' }))
    expect(back.status).toBe(302)
    const home = new URL(String(back.headers.get('location')))
    expect(home.origin + home.pathname).toBe('https://shop.example/openid')
    expect([...home.searchParams]).toEqual([
      ['from', 'menu'],
      ['appId', shop.app.appId],
      ['channelUserId', 'user-of-C1'],
      ['extParam', '桌 5&x=1'],
    ])
  })

  it('leaves extParam out when there is none, and finds pages behind a hash', async () => {
    const shop = await openShop()
    const redirectUrl = 'https://shop.example/#/openid'
    const back = await opens(shop, await wayBack(shop, { redirectUrl }))
    expect(back.headers.get('location')).toBe(
      `https://shop.example/#/openid?appId=${shop.app.appId}&channelUserId=user-of-C1`,
    )
  })

  it.each([
    ['by its name, from any client', { ifCode: 'bank' }, 'curl/8'],
    ['by AUTO, from its own client', { ifCode: 'AUTO' }, 'Mozilla/5.0 (iPhone) BankApp/8.0.1'],
  ])('finds the channel %s', async (_, fields, userAgent) => {
    const shop = await openShop()
    expect((await jumps(shop, fields, { userAgent })).status).toBe(302)
  })

  it.each([
    [{ ifCode: 'AUTO' }, 'Mozilla/5.0 Safari', '不支持的客户端'],
    [{ ifCode: 'nobank' }, 'BankApp', '不支持的客户端'],
    [{ ifCode: '' }, 'BankApp', '支付接口代码不能为空'],
    [{ redirectUrl: '' }, 'BankApp', '跳转地址有误！'],
    [{ redirectUrl: 'javascript:alert(1)' }, 'BankApp', '跳转地址有误！'],
    [{ redirectUrl: '//evil.example' }, 'BankApp', '跳转地址有误！'],
  ])('with %j from %s is refused: %s', async (fields, userAgent, msg) => {
    const shop = await openShop()
    const response = await jumps(shop, fields, { userAgent })
    expect(await refusalIn(response)).toEqual([200, { code: 9999, msg }])
  })

  it('of a channel that knows no payers is refused', async () => {
    const shop = await openShop({ channel: bankWithout('identity') })
    expect(await refusalIn(await jumps(shop, { ifCode: 'bank' }))).toEqual([
      200,
      { code: 9999, msg: '不支持的客户端' },
    ])
  })

  it('that nobody signed leads nowhere', async () => {
    const shop = await openShop()
    const response = await jumps(shop, {}, { as: { ...shop.app, appSecret: 'guessed' } })
    expect(await refusalIn(response)).toEqual([200, { code: 9999, msg: '验签失败' }])
  })
})

describe('the way back', () => {
  const WRONG = [200, { code: 9999, msg: '跳转状态有误，请重新发起' }]

  it('is good for ten minutes, and not one second more', async () => {
    const shop = await openShop()
    const back = await wayBack(shop)
    await shop.clock.advance(10 * MINUTE_MS)
    expect((await opens(shop, back)).status).toBe(302)
    await shop.clock.advance(1_000)
    expect(await refusalIn(await opens(shop, back))).toEqual([
      200,
      { code: 9999, msg: '跳转已过期，请重新发起' },
    ])
  })

  it('does not open when a single character of it was changed', async () => {
    const shop = await openShop()
    const back = await wayBack(shop)
    const at = back.pathname.lastIndexOf('.') - 5
    const letter = back.pathname[at] === 'A' ? 'B' : 'A'
    const changed = new URL(back)
    changed.pathname = back.pathname.slice(0, at) + letter + back.pathname.slice(at + 1)
    expect(await refusalIn(await opens(shop, changed))).toEqual(WRONG)
    for (const state of ['', 'AAAAAAAAAAAAAAAAAAAAAA']) {
      const other = new URL(back)
      other.searchParams.set('state', state)
      expect(await refusalIn(await opens(shop, other))).toEqual(WRONG)
    }
    expect(shop.bank.calls).toEqual([])
  })

  it('of one app is worth nothing with the state of another, and never leads to another', async () => {
    const shop = await openShop()
    const other = await shop.opensApp('other_merchant')
    const mine = await wayBack(shop)
    const theirs = await wayBack(shop, { redirectUrl: 'https://other.example/' }, other)
    const mixed = new URL(mine)
    mixed.searchParams.set('state', String(theirs.searchParams.get('state')))
    expect(await refusalIn(await opens(shop, mixed))).toEqual(WRONG)
    // Whatever is put into the query: app and address are sealed.
    mine.searchParams.set('appId', other.appId)
    mine.searchParams.set('redirectUrl', 'https://evil.example/')
    const home = new URL(String((await opens(shop, mine)).headers.get('location')))
    expect([home.host, home.searchParams.get('appId')]).toEqual(['shop.example', shop.app.appId])
  })

  it('of another deployment does not open', async () => {
    const shop = await openShop()
    const back = await wayBack(shop)
    shop.restarts([{ id: 'k1', bytes: new Uint8Array(32).fill(9) }])
    expect(await refusalIn(await opens(shop, back))).toEqual(WRONG)
  })

  it('does not show where it leads, nor for whom', async () => {
    const shop = await openShop()
    const { pathname } = await wayBack(shop)
    const plain = atob(String(pathname.split('/').at(-1)?.split('.')[0]))
    expect(plain).toContain('identity')
    expect(`${pathname} ${plain}`).not.toContain(shop.app.appId)
    expect(pathname).not.toContain('shop.example')
  })

  it.each([
    ['the payer did not consent: no code', undefined, undefined],
    ['the channel does not take the code', 'C1', 'refused'],
    ['the channel does not answer', 'C1', 'silent_after'],
  ] as const)('ends here when %s', async (_, code, mood) => {
    const shop = await openShop()
    const back = await wayBack(shop)
    if (code === undefined) back.searchParams.delete('code')
    if (mood !== undefined) shop.bank.will('identify', mood)
    expect(await refusalIn(await opens(shop, back))).toEqual([
      200,
      { code: 9999, msg: '未能获取用户标识，请重新发起' },
    ])
  })
})
