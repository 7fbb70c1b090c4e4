import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Transformer } from 'wechatpay-axios-plugin'
import { readXml, writeXml, xmlText } from '../../../plugins/wechat/xml.ts'

const read = (text: string) => {
  const members = readXml(text)
  return members && Object.fromEntries(members)
}

describe('the XML of APIv2', () => {
  it.each([
    ['<xml></xml>', {}],
    ['<xml><a>1</a><b><![CDATA[2]]></b></xml>', { a: '1', b: '2' }],
    ['\ufeff<?xml version="1.0" encoding="UTF-8"?>\n<xml>\n  <a>1</a>\r\n</xml>\n', { a: '1' }],
    ['<xml><a></a><b/><c /><d><![CDATA[]]></d></xml>', { a: '', b: '', c: '', d: '' }],
    ['<xml><a> two words </a></xml>', { a: ' two words ' }],
    ['<xml><a><![CDATA[<b>&amp;</b> ]] ]>]]></a></xml>', { a: '<b>&amp;</b> ]] ]>' }],
    ['<xml><a>中文 😀</a></xml>', { a: '中文 😀' }],
    ['<xml><__proto__>1</__proto__></xml>', { ['__proto__']: '1' }],
  ])('is read: %j', (text, members) => {
    expect(read(text)).toEqual(members)
  })

  it.each([
    ['nothing', ''],
    ['JSON', '{"code":"PARAM_ERROR"}'],
    ['a page', '<html><body>Bad Gateway</body></html>'],
    ['another root', '<a><b>1</b></a>'],
    ['no end', '<xml><a>1</a>'],
    ['no end of a member', '<xml><a>1</xml>'],
    ['another end of a member', '<xml><a>1</b></xml>'],
    ['something behind its end', '<xml></xml><xml></xml>'],
    ['text between members', '<xml>x<a>1</a></xml>'],
    ['a member inside of one', '<xml><a><b>1</b></a></xml>'],
    ['a member twice', '<xml><a>1</a><a>2</a></xml>'],
    ['an attribute', '<xml><a b="c">1</a></xml>'],
    ['an attribute of the root', '<xml a="b"></xml>'],
    ['a name space', '<xml><a:b>1</a:b></xml>'],
    ['a comment', '<xml><!-- c --><a>1</a></xml>'],
    ['an instruction', '<xml><?php echo 1 ?><a>1</a></xml>'],
    ['an entity', '<xml><a>&lt;</a></xml>'],
    ['an entity by number', '<xml><a>&#60;</a></xml>'],
    ['an entity of its own', '<!DOCTYPE xml [<!ENTITY e "x">]><xml><a>&e;</a></xml>'],
    [
      'a file of ours',
      '<!DOCTYPE xml [<!ENTITY e SYSTEM "file:///etc/passwd">]><xml><a>&e;</a></xml>',
    ],
    [
      'a billion laughs',
      '<?xml version="1.0"?><!DOCTYPE l [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;">]><xml><a>&b;</a></xml>',
    ],
    ['a document type alone', '<!DOCTYPE xml><xml><a>1</a></xml>'],
    ['CDATA without an end', '<xml><a><![CDATA[1</a></xml>'],
    ['CDATA twice in a member', '<xml><a><![CDATA[1]]><![CDATA[2]]></a></xml>'],
    [
      'members that hide in CDATA of others',
      '<xml><a><![CDATA[x]]><b>1</b><![CDATA[y]]></a></xml>',
    ],
    ['text beside CDATA', '<xml><a>x<![CDATA[1]]></a></xml>'],
    ['a declaration without an end', `<?xml ${'a'.repeat(200)}?><xml></xml>`],
  ])('is refused when it holds %s', (_, text) => {
    expect(readXml(text)).toBeUndefined()
  })

  it('is read in time that grows with its length alone', () => {
    for (const bomb of [
      `<xml>${'<a>'.repeat(200_000)}`,
      `<xml><a>${'<![CDATA['.repeat(100_000)}`,
    ]) {
      expect(readXml(bomb)).toBeUndefined()
    }
    expect(readXml(`<xml>${' '.repeat(500_000)}`)).toBeUndefined()
  })

  it('never throws, whatever is sent', () => {
    const piece = fc.constantFrom(
      '<xml>',
      '</xml>',
      '<a>',
      '</a>',
      '<![CDATA[',
      ']]>',
      '&',
      'x',
      ' ',
    )
    fc.assert(
      fc.property(fc.array(fc.oneof(piece, fc.string()), { maxLength: 20 }), (pieces) => {
        const members = readXml(pieces.join(''))
        for (const value of members?.values() ?? []) expect(typeof value).toBe('string')
      }),
    )
  })
})

describe('what we write', () => {
  const texts = fc
    .dictionary(
      fc.constantFrom('body', 'out_trade_no', 'auth_code', 'attach'),
      fc.string({ unit: 'grapheme', minLength: 1 }).map(xmlText),
    )
    .filter((members) => Object.values(members).every((text) => !/^[\d.]+$|^$/.test(text)))

  it('is read again as it was meant, by us and by somebody else', () => {
    fc.assert(
      fc.property(texts, (members) => {
        const written = writeXml(members)
        expect(Transformer.toObject(written) || {}).toEqual(members)
        if (Object.values(members).some((text) => text.includes(']]>'))) return
        expect(read(written)).toEqual(members)
      }),
    )
  })

  it('parts what would end its CDATA', () => {
    expect(writeXml({ body: 'a]]>b' })).toBe(
      '<xml><body><![CDATA[a]]]]><![CDATA[>b]]></body></xml>',
    )
  })

  it.each([
    ['two\nlines', 'two lines'],
    ['\ttab and bell\u0007 ', 'tab and bell'],
    ['not a character: \uffff', 'not a character:'],
    ['中文 😀', '中文 😀'],
  ])('holds no character that XML loses or changes: %j', (text, kept) => {
    expect(xmlText(text)).toBe(kept)
  })
})
