import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { parseLooseJson } from '../../../../agent/wire/loose-json/parse.ts'

const read = (text: string) => parseLooseJson(text).value

describe('broken JSON of mining firmware is read as it was meant', () => {
  test.each([
    ['a comma missing between objects', '{"STATS":[{"a":1}{"b":2}]}', { STATS: [{ a: 1 }, { b: 2 }] }],
    ['a comma missing between members', '{"a":"x""temp0":41}', { a: 'x', temp0: 41 }],
    ['a comma too many before the first object', '{"STATS":[,{"a":1}]}', { STATS: [{ a: 1 }] }],
    ['a comma too many after the last member', '{"a":1,}', { a: 1 }],
    ['raw newlines in a text', '{"a":"one\ntwo\ttabs"}', { a: 'one\ntwo\ttabs' }],
    [
      'bare nan and inf, which are unknown',
      '{"a":nan,"b":-inf,"c":[NaN,Infinity]}',
      { a: null, b: null, c: [null, null] },
    ],
    ['quoted nan, which stays a text', '{"a":"nan",}', { a: 'nan' }],
    ['an escape that JSON does not know', '{"a":"miner\\\'s"}', { a: "miner's" }],
    [
      'escapes that JSON knows, beside one that it does not',
      '{"a":"\\u00e9\\n\\"\\\\\\q"}',
      { a: 'é\n"\\q' },
    ],
    ['comments', '{ // about\n"a":1, // "b":2\n"url":"tcp://x"}', { a: 1, url: 'tcp://x' }],
    ['a body that lost its brace', ',"id":1}', { id: 1 }],
    [
      'members in a list',
      '{"error_code":["110":"a","218":"b"]}',
      { error_code: [{ 110: 'a' }, { 218: 'b' }] },
    ],
    ['a number with a plus or a bare point', '{"a":+5,"b":.5,"c":1.}', { a: 5, b: 0.5, c: 1 }],
    [
      'a member that would change the prototype',
      '{"__proto__":{"x":1},}',
      JSON.parse('{"__proto__":{"x":1}}'),
    ],
  ])('%s', (_, text, meant) => {
    expect(parseLooseJson(text)).toEqual({ value: meant, complete: true })
  })

  test.each([
    [
      'in a list',
      '{"POOLS":[{"POOL":0,"Accepted":5},{"POOL":1,"Acc',
      { POOLS: [{ POOL: 0, Accepted: 5 }, { POOL: 1 }] },
    ],
    ['in a number, which may have lost digits', '{"a":1,"b":123', { a: 1 }],
    ['after a key', '{"a":1,"b"', { a: 1 }],
    ['after a colon', '{"a":1,"b":', { a: 1 }],
    ['in an escape', '{"a":1,"b":"x\\', { a: 1 }],
    ['before the last brace', '{"a":[1,2]', { a: [1, 2] }],
  ])('a tail that is cut %s leaves what is whole, and says that it is not all', (_, text, whole) => {
    expect(parseLooseJson(text)).toEqual({ value: whole, complete: false })
  })

  test('text after the value says that it is not all', () => {
    expect(parseLooseJson('{"a":1}],"b":2}')).toEqual({ value: { a: 1 }, complete: false })
  })

  test.each([
    ['nothing', '', 'ends before'],
    ['a word', '{"a":what}', '"what}" at character 5'],
    ['a value without a key', '{"a":1,2}', 'a value without a key'],
    ['a list that an object closes', '[1}', '"}"'],
    ['more levels than firmware ever sends', '['.repeat(100_000), 'more than 64 levels'],
  ])('%s is an error that says what stands where', (_, text, words) => {
    expect(() => parseLooseJson(text)).toThrow(SyntaxError)
    expect(() => parseLooseJson(text)).toThrow(words)
  })
})

test('what JSON.parse reads is read the same without it: a broken tail changes no value before it', () => {
  fc.assert(
    fc.property(fc.jsonValue({ maxDepth: 5 }), (value) => {
      // the extra comma sends it through the tolerant parser
      expect(read(`[${JSON.stringify(value)},]`)).toEqual(JSON.parse(`[${JSON.stringify(value)}]`))
    }),
  )
})

const REPLY =
  '{"STATUS":[{"STATUS":"S","Msg":"CGMiner stats"}],"STATS":[{"Type":"Antminer S19"}{"GHS 5s":"95001.2","nan":nan,"chain_acs1":" ooo oxo","u":"\\u00e9\\\'"}],"id":1}'

test('a reply with anything inserted, removed or exchanged is read or refused, and never hangs or crashes', () => {
  const edit = fc.record({
    at: fc.nat(REPLY.length),
    remove: fc.nat(12),
    insert: fc.oneof(
      fc.string({ maxLength: 6 }),
      fc.constantFrom(
        '{',
        '}',
        '[',
        ']',
        '"',
        '\\',
        ',',
        ':',
        '//',
        '\n',
        '\u0000',
        'nan',
        '""',
        '}{',
        '\\u12',
        '-',
        '1e999',
      ),
    ),
  })
  fc.assert(
    fc.property(fc.array(edit, { minLength: 1, maxLength: 8 }), (edits) => {
      let text = REPLY
      for (const { at, remove, insert } of edits) text = text.slice(0, at) + insert + text.slice(at + remove)
      let result: ReturnType<typeof parseLooseJson> | undefined
      try {
        result = parseLooseJson(text)
      } catch (error) {
        expect(error).toBeInstanceOf(SyntaxError)
        expect((error as Error).message).not.toBe('')
        return
      }
      expect(result.value).toBeDefined()
      expect(typeof result.complete).toBe('boolean')
    }),
    { numRuns: 2000 },
  )
})
