import { describe, expect, it } from 'vitest'
import { durationMs } from '../../../protocol/kit/fields.ts'

describe('a duration', () => {
  const schema = durationMs('1s', '7d')

  it('is read with its unit', () => {
    expect(['1s', '1500ms', '2m', '2min', '1.5h', '7d'].map((text) => schema.parse(text))).toEqual([
      1000, 1500, 120_000, 120_000, 5_400_000, 604_800_000,
    ])
  })

  it.each(['999ms', '8d', '30d', '99999999999999999999d'])('of %s is refused with the bounds', (text) => {
    expect(schema.safeParse(text).error?.issues.map(({ message }) => message)).toEqual(['expected 1s to 7d'])
  })

  it.each(['', 'soon', '5', '5 weeks', '-1s', '1e3s', 5000])(
    'written as %j is refused with examples',
    (text) => {
      expect(schema.safeParse(text).error?.issues.map(({ message }) => message)).toEqual([
        'expected a duration such as 500ms, 5s, 2m, 1h or 7d',
      ])
    },
  )
})
