import fc from 'fast-check'
import { describe, expect, it, test } from 'vitest'
import { elapse } from '../../../collector/doubts/elapsed.ts'
import { nothingRecorded } from '../../../collector/doubts/recorded-so-far.ts'
import { MINUTE_MS } from '../../../protocol/units.ts'
import { record, T0 } from './doubt-rig.ts'

const LATE_MINUTES = 10
/** Minutes that the records count for together, in this order. */
function counted(records: readonly { minute: number; recovered?: boolean }[]): number {
  const seen = nothingRecorded()
  const nowMs = T0 + 40 * 24 * 60 * MINUTE_MS
  return (
    records.reduce(
      (sum, { minute, recovered }) =>
        sum + elapse(seen, record(minute, 's21', recovered ? { recovered } : {}), nowMs),
      0,
    ) / MINUTE_MS
  )
}
const minutes = (from: number, to: number) =>
  Array.from({ length: to - from }, (_, i) => ({ minute: from + i }))

describe('a recovered stretch', () => {
  const lump = { minute: 190, recovered: true }
  it('and its minutes count once, whichever come first', () => {
    expect(counted([...minutes(0, 10), lump, ...minutes(10, 190)])).toBe(191)
    expect(counted([...minutes(0, 10), ...minutes(10, 190), lump])).toBe(191)
    expect(counted([...minutes(0, 10), lump, ...minutes(10, 190), ...minutes(191, 200)])).toBe(200)
  })

  it('counts whole with those after it', () => {
    expect(counted([...minutes(0, 10), lump, ...minutes(191, 200), { minute: 400, recovered: true }])).toBe(
      401,
    )
  })
})

test('records and recovered stretches in any order count for no more than their time and what comes late at each step of the clock', () => {
  const some = fc.array(fc.record({ minute: fc.integer({ min: 10, max: 2000 }), recovered: fc.boolean() }), {
    maxLength: 12,
  })
  fc.assert(
    fc.property(some, fc.integer({ min: 0, max: 12 }), fc.boolean(), (lumps, at, isReversed) => {
      const pieces = Array.from({ length: 5 }, (_, i) => minutes(100 * i, 100 * i + 100))
      const others = isReversed ? pieces.toReversed() : pieces
      const all = [...lumps.slice(0, at), ...others.flat(), ...lumps.slice(at)]
      const latest = all.reduce((most, { minute }) => Math.max(most, minute), 0)
      // six steps back, and a start
      expect(counted(all)).toBeLessThanOrEqual(latest + 1 + 14 * (LATE_MINUTES + 1))
    }),
  )
})
