import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { isCgminerText, parseCgminerText } from '../../../../agent/wire/cgminer/text-form.ts'

describe('the text form has the shape of the JSON form', () => {
  test('sections become lists of rows, pools and devices under their plural', () => {
    expect(
      parseCgminerText('STATUS=S,When=5,Msg=2 Pool(s)|POOL=0,URL=tcp://a,User=|POOL=1,URL=tcp://b|'),
    ).toEqual({
      STATUS: [{ STATUS: 'S', When: '5', Msg: '2 Pool(s)' }],
      POOLS: [
        { POOL: '0', URL: 'tcp://a', User: '' },
        { POOL: '1', URL: 'tcp://b' },
      ],
    })
  })

  test('a section may have a name without a value', () => {
    expect(parseCgminerText('SUMMARY,Elapsed=9,MHS av=1.5')).toEqual({
      SUMMARY: [{ Elapsed: '9', 'MHS av': '1.5' }],
    })
  })

  test('a comma that Avalon does not escape stays in its value', () => {
    const text = 'STATS=0,MM ID0=SYSTEMSTATU[Work: In Work, Hash Board: 3 ] Temp[25],Count=1'
    expect(parseCgminerText(text)['STATS']).toEqual([
      { STATS: '0', 'MM ID0': 'SYSTEMSTATU[Work: In Work, Hash Board: 3 ] Temp[25]', Count: '1' },
    ])
  })

  test('what cgminer escapes is read back', () => {
    expect(parseCgminerText('POOL=0,User=a\\,b\\|c\\=d\\\\e')['POOLS']).toEqual([
      { POOL: '0', User: 'a,b|c=d\\e' },
    ])
  })

  test('JSON and HTML are not taken for it', () => {
    expect(['{"a":1}', '<html>', 'HTTP/1.1 400', ''].map(isCgminerText)).toEqual([false, false, false, false])
  })

  test('any text is read without a crash', () => {
    fc.assert(fc.property(fc.string(), (text) => typeof parseCgminerText(`STATUS=${text}`) === 'object'))
  })
})
