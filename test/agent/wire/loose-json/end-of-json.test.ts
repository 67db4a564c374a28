import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { JsonEnd } from '../../../../agent/wire/loose-json/end-of-json.ts'

const bytes = (text: string) => new TextEncoder().encode(text)
const endOf = (text: string) => new JsonEnd().feed(bytes(text))

describe('the end of a JSON reply is found as it arrives', () => {
  test('in any JSON value, however it is split, and not a byte earlier', () => {
    fc.assert(
      fc.property(
        fc.dictionary(fc.string(), fc.jsonValue()),
        fc.integer({ min: 1, max: 7 }),
        (value, size) => {
          const reply = bytes(`\n${JSON.stringify(value)}`)
          const end = new JsonEnd()
          let at = 0
          let found = -1
          while (found < 0 && at < reply.length) {
            const part = reply.subarray(at, at + size)
            found = end.feed(part)
            at += found < 0 ? part.length : found
          }
          expect(at).toBe(reply.length)
          expect(found).toBeGreaterThan(0)
        },
      ),
    )
  })

  test('past brackets and quotes inside texts and comments', () => {
    const reply = '{"a":"}]\\"}", // }]"\n "b":[{}]}'
    expect(endOf(`${reply}trailing`)).toBe(reply.length)
  })

  test('of a body that lost its brace', () => {
    expect(endOf(',"id":1}')).toBe(8)
  })

  test('not where a bracket is missing: the deadline ends that', () => {
    expect(endOf('{"a":[1,2}')).toBe(-1)
  })

  test('not in the text form, which says so', () => {
    const end = new JsonEnd()
    expect(end.feed(bytes('STATUS=S|{"a":1}'))).toBe(-1)
    expect(end.isText).toBe(true)
  })
})
