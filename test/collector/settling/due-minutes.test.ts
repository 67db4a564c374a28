import { expect, test } from 'vitest'
import { DueMinutes } from '../../../collector/settling/due-minutes.ts'
import { HOUR_MS, MINUTE_MS } from '../../../protocol/units.ts'

const T0 = Date.parse('2026-06-01T12:00:00Z')

test('minutes that a clock queued which was an hour ahead are due as soon as they are over by the right one', () => {
  let nowMs = T0 + HOUR_MS
  const due = new DueMinutes(() => nowMs, 20_000)
  due.addLate(T0 - 5 * MINUTE_MS)
  due.addLate(T0 + HOUR_MS)
  nowMs = T0
  expect(due.takeDue(10)).toEqual([T0 - 5 * MINUTE_MS])
  nowMs = T0 + HOUR_MS + 2 * MINUTE_MS
  expect(due.takeDue(10)).toEqual([T0 + HOUR_MS])
})
