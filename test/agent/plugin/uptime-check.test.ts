import { expect, test } from 'vitest'
import type { Reading } from '../../../agent/plugin/reading.ts'
import { UptimeCheck } from '../../../agent/plugin/uptime-check.ts'

const up = (uptimeS: number | undefined, part?: string): Reading => ({
  ...(part && { part }),
  identity: { kind: 'asic' },
  sample: { state: 'hashing', ...(uptimeS !== undefined && { uptimeS }) },
})
/** What is left of uptimes that are read every 10 s. */
const every10s = (...uptimes: (number | undefined)[]) => {
  const check = new UptimeCheck()
  return uptimes.map((uptimeS, i) => check.checked(up(uptimeS), i * 10_000).sample.uptimeS)
}

test('an uptime that grows with time, begins again, or is told in whole minutes is used', () => {
  expect(every10s(100, 110, 120)).toEqual([100, 110, 120])
  expect(every10s(900_000, 3, 13)).toEqual([900_000, 3, 13])
  expect(every10s(60, 60, 120, undefined, 300)).toEqual([60, 60, 120, undefined, 300])
})

test('one that leaps is absent once, and the fault tells both figures', () => {
  expect(every10s(100, 1_700_000_000 / 60, 28_333_343)).toEqual([100, undefined, 28_333_343])
  const check = new UptimeCheck()
  check.checked(up(7_200), 0)
  expect(check.checked(up(432_000), 10_000).sample).toEqual({
    state: 'hashing',
    faults: [
      'its uptime of 432000 s is ignored: it was 7200 s only 10 s ago; check the clock on the machine’s own page',
    ],
  })
})

test('each part has its own, and a day without a reading says nothing', () => {
  const check = new UptimeCheck()
  check.checked(up(10, 'a'), 0)
  expect(check.checked(up(900_000, 'b'), 1_000).sample.uptimeS).toBe(900_000)
  expect(check.checked(up(500_000, 'a'), 90_000_000).sample.uptimeS).toBe(500_000)
})
