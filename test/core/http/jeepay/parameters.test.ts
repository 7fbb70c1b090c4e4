import { describe, expect, it } from 'vitest'
import { readParameters } from '../../../../core/http/jeepay/parameters.ts'

const AT = 'https://pay.example/api/pay/query'
const FORM = 'application/x-www-form-urlencoded'

/** The parameters of a request as an object, or the message that refuses them. */
async function read(request: Request): Promise<Record<string, string> | string> {
  const result = await readParameters(request)
  return result.ok ? Object.fromEntries(result.value) : result.refusal.msg
}

function post(
  body: string | Uint8Array<ArrayBuffer> | FormData,
  contentType?: string,
  url = AT,
): Request {
  const headers: Record<string, string> =
    contentType === undefined ? {} : { 'content-type': contentType }
  return new Request(url, { method: 'POST', headers, body })
}

const json = (text: string, contentType = 'application/json') => post(text, contentType)
const form = (text: string, url?: string) => post(text, FORM, url)
const bytes = (...values: number[]) => Uint8Array.from(values)

describe('parameters in JSON', () => {
  it.each([
    ['application/json', true],
    ['application/json;charset=UTF-8', true],
    ['Application/JSON; charset=utf-8', true],
    ['text/plain', false],
    ['', false],
  ])('reads a body of type "%s": %s', async (contentType, isRead) => {
    expect(await read(json('{"a":"1"}', contentType))).toEqual(isRead ? { a: '1' } : {})
  })

  it('looks at the body alone, not at the query string', async () => {
    expect(await read(post('{"a":"1"}', 'application/json', `${AT}?a=2&b=3`))).toEqual({ a: '1' })
  })

  it.each([
    ['an empty body', ''],
    ['blanks', ' \n'],
    ['an empty object', ' { } '],
  ])('takes %s for no parameters', async (_, text) => {
    expect(await read(json(text))).toEqual({})
  })

  it.each([
    ['an array', '[{"a":"1"}]'],
    ['a text', '"a"'],
    ['a number', '1'],
    ['null', 'null'],
    ['half an object', '{"a":"1"'],
    ['a comma too many', '{"a":"1",}'],
    ['single quotes', "{'a':'1'}"],
    ['two objects', '{"a":"1"}{"b":"2"}'],
    ['a form', 'a=1&b=2'],
  ])('refuses %s', async (_, text) => {
    expect(await read(json(text))).toBe('参数有误[转换异常]')
  })

  it.each([
    ['a text', '"x y"', 'x y'],
    ['escapes', String.raw`"\"标\u9898\"\/\t"`, '"标题"/\t'],
    ['an empty text', '""', ''],
    ['a number as it is written', '1795406116995000', '1795406116995000'],
    ['a number beyond 2^53', '9007199254740993', '9007199254740993'],
    ['a fraction with its zero', '0.10', '0.10'],
    ['an exponent', '1e2', '1e2'],
    ['true', 'true', 'true'],
    ['false', ' false ', 'false'],
    [
      'an object without its spaces',
      '{ "b" : [ 1, "x y" ] , "a" : null }',
      '{"b":[1,"x y"],"a":null}',
    ],
    [
      'braces and quotes inside a text',
      String.raw`{"a": "}\" ,]{", "b": 2}`,
      String.raw`{"a":"}\" ,]{","b":2}`,
    ],
    ['an array', '[ 1 , 2 ]', '[1,2]'],
  ])('gives %s', async (_, written, text) => {
    expect(await read(json(`{"first":1,"it": ${written} ,"last":"z"}`))).toEqual({
      first: '1',
      it: text,
      last: 'z',
    })
  })

  it('leaves null out, as if it had not been sent', async () => {
    expect(await read(json('{"a":null,"b":1}'))).toEqual({ b: '1' })
  })

  it.each([
    ['equal values', '{"a":"1","a":"1"}'],
    ['other values', '{"amount":1,"b":2,"amount":100}'.replaceAll('amount', 'a')],
    ['a null among them', '{"a":null,"a":"1"}'],
    ['an escape in the name', String.raw`{"a":"1","\u0061":"2"}`],
  ])('refuses a name that comes twice, with %s', async (_, text) => {
    expect(await read(json(text))).toBe('参数有误[参数a重复]')
  })

  it('takes names that mean something to JavaScript for names', async () => {
    const read_ = await read(json('{"__proto__":"1","constructor":"2","toString":"3"}'))
    expect(Object.entries(read_)).toEqual([
      ['__proto__', '1'],
      ['constructor', '2'],
      ['toString', '3'],
    ])
  })

  it('reads what is nested 50,000 deep, and a text of 200 kB, without falling over', async () => {
    const deep = `${'['.repeat(50_000)}${']'.repeat(50_000)}`
    expect(await read(json(`{"a":${deep}}`))).toEqual({ a: deep })
    const long = 'x'.repeat(200_000)
    expect(await read(json(`{"a":{"b":"${long}"}}`))).toEqual({ a: `{"b":"${long}"}` })
  })
})

describe('parameters in forms and query strings', () => {
  const all = { a: '1 2', b: '测试&=', c: '' }
  const text = 'a=1+2&b=%E6%B5%8B%E8%AF%95%26%3D&c='

  it('reads a form, a query string by GET and by POST, and a multipart body alike', async () => {
    const multipart = new FormData()
    for (const [name, value] of Object.entries(all)) multipart.append(name, value)
    const requests = [
      form(text),
      new Request(`${AT}?${text}`),
      new Request(`${AT}?${text}`, { method: 'POST' }),
      new Request(`${AT}?${text}`, { headers: { 'content-type': 'application/json' } }),
      post(multipart),
    ]
    for (const request of requests) expect(await read(request)).toEqual(all)
  })

  it('takes the query string and the form together', async () => {
    expect(await read(form('b=2', `${AT}?a=1`))).toEqual({ a: '1', b: '2' })
  })

  it.each([
    ['in the query string', new Request(`${AT}?a=1&a=1`)],
    ['in the form', form('a=1&a=1')],
    ['once in each', form('a=1', `${AT}?a=1`)],
  ])('does not mind one value twice %s', async (_, request) => {
    expect(await read(request)).toEqual({ a: '1' })
  })

  it.each([
    ['in the query string', new Request(`${AT}?a=1&a=2`)],
    ['in the form', form('a=1&a=2')],
    ['one in each', form('a=1', `${AT}?a=2`)],
    ['one of them empty', form('a=1&a=')],
    ['a text and a member', form('a=1&a[b]=2')],
  ])('refuses two values of one name %s: only one of them can be acted on', async (_, request) => {
    expect(await read(request)).toBe('参数有误[参数a重复]')
  })

  it('makes a nested value of name[sub], signed as its JSON', async () => {
    expect(await read(form('channelExtra[openId]=o1&channelExtra%5Bx%5D=2&z=3'))).toEqual({
      channelExtra: '{"openId":"o1","x":"2"}',
      z: '3',
    })
  })

  it.each([
    ['a&b=1', { a: '', b: '1' }],
    ['&&a=1&', { a: '1' }],
    ['a=1=2', { a: '1=2' }],
    ['a=100%', { a: '100%' }],
    ['a=%zz%4', { a: '%zz%4' }],
    ['=1', { '': '1' }],
    ['a[b]c=1', { 'a[b]c': '1' }],
    ['[a]b[c]=1', { '[a]b[c]': '1' }],
    ['a[b][c]=1', { 'a[b][c]': '1' }],
    ['a[]=1', { a: '{"":"1"}' }],
    ['[]=1', { '[]': '1' }],
  ])('reads %s as every form decoder does', async (text, expected) => {
    expect(await read(form(text))).toEqual(expected)
  })

  it('reads a multipart body as it reads a form: with the query string, nested, no name twice', async () => {
    const multipart = (...all: readonly (readonly [string, string])[]) => {
      const body = new FormData()
      for (const [name, value] of all) body.append(name, value)
      return post(body, undefined, `${AT}?a=1`)
    }
    expect(await read(multipart(['b[c]', '2']))).toEqual({ a: '1', b: '{"c":"2"}' })
    expect(await read(multipart(['a', '2']))).toBe('参数有误[参数a重复]')
  })

  it('leaves a file in a multipart body out', async () => {
    const multipart = new FormData()
    multipart.append('a', '1')
    multipart.append('file', new Blob(['x']), 'x.txt')
    expect(await read(post(multipart))).toEqual({ a: '1' })
  })

  it('refuses a multipart body without its boundary', async () => {
    expect(await read(post('a', 'multipart/form-data'))).toBe('参数有误[转换异常]')
  })
})

describe('bytes that are no text', () => {
  const NOT_UTF8 = '参数有误[必须是UTF-8编码]'

  it.each([
    [
      'GBK in JSON',
      post(bytes(0x7b, 0x22, 0x61, 0x22, 0x3a, 0x22, 0xb2, 0xe2, 0x22, 0x7d), 'application/json'),
    ],
    ['GBK in a form', post(bytes(0x61, 0x3d, 0xb2, 0xe2), FORM)],
    ['GBK behind percent signs', form('a=%B2%E2')],
    ['GBK in a query string', new Request(`${AT}?a=%B2%E2`)],
    ['GBK in a name', form('%B2%E2=1')],
    ['half of a surrogate pair', json(String.raw`{"a":"\ud83c"}`)],
    ['half of a surrogate pair in a name', json(String.raw`{"\udf81":"1"}`)],
    ['a NUL in JSON', json(String.raw`{"a":"x\u0000y"}`)],
    ['a NUL in a form', form('a=x%00y')],
  ])('refuses %s', async (_, request) => {
    expect(await read(request)).toBe(NOT_UTF8)
  })

  it('takes a whole surrogate pair, and a byte order mark before JSON', async () => {
    expect(await read(json(String.raw`{"a":"\ud83c\udf81"}`))).toEqual({ a: '🎁' })
    const body = new Uint8Array([0xef, 0xbb, 0xbf, ...new TextEncoder().encode('{"a":1}')])
    expect(await read(post(body, 'application/json'))).toEqual({ a: '1' })
  })
})

describe('a body that is too large', () => {
  const TOO_LARGE = '参数有误[请求内容过大]'

  it.each(['application/json', FORM, 'multipart/form-data; boundary=b'])(
    'refuses 10 MB of %s with 413',
    async (contentType) => {
      const result = await readParameters(post(new Uint8Array(10_000_000), contentType))
      expect(result).toMatchObject({
        ok: false,
        refusal: { code: 11, msg: TOO_LARGE, status: 413 },
      })
    },
  )

  it('is read on for a while, so that its sender hears why, but not for ever', async () => {
    let pulled = 0
    const endless = new ReadableStream<Uint8Array>({
      pull(controller) {
        pulled++
        controller.enqueue(new Uint8Array(64 * 1024))
      },
    })
    const request = new Request(AT, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: endless,
      duplex: 'half',
    } as RequestInit)
    expect(await read(request)).toBe(TOO_LARGE)
    // 16 MiB in pieces of 64 KiB, and what the stream holds ready.
    expect(pulled).toBeLessThan(256 + 10)
  })
})
