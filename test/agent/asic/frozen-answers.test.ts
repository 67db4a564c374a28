import { expect, test } from 'vitest'
import { FrozenAnswers } from '../../../agent/asic/frozen-answers.ts'
import { PaidWork } from '../../../agent/asic/paid-work.ts'
import { asicReading } from '../../../agent/asic/reading.ts'

const POOLS = { configured: 1, alive: 1, active: { poolUser: 'acme.1' }, uncounted: {} }
const HASHES = { hashrateHs: 2e14, hashrateAvgHs: 2e14, uptimeS: 5000, sha256Only: true, pools: POOLS }

/** What is read of a machine after each of these minutes. */
function after(minutes: readonly number[], at: (minute: number) => object) {
  let nowMs = 0
  const [still, work] = [new FrozenAnswers(() => nowMs), new PaidWork(() => nowMs)]
  return minutes.map((minute) => {
    nowMs = minute * 60_000
    const facts = still.of({ ...HASHES, ...at(minute) })
    return asicReading({ ...facts, ...work.of(facts) })
  })
}

test('a machine whose answers stand still for ten minutes is faulty, and none of its work is estimated', () => {
  const [first, before, then] = after([0, 9.9, 10], () => ({}))
  for (const reading of [first, before])
    expect(reading).toMatchObject({ sample: { state: 'hashing' }, uncountedWork: true })
  expect(then?.sample).toMatchObject({
    state: 'faulty',
    faults: [expect.stringContaining('have not changed for 10 min, not even its uptime of 5000 s')],
  })
  expect(then?.sample).not.toHaveProperty('hashrateHs')
  // an estimate is of the hashrate, for these
  expect(then?.sample.holders).toEqual([])
})

test('it is well again once they change', () => {
  const all = after([0, 10, 11], (minute) => (minute > 10 ? { uptimeS: 5660 } : {}))
  expect(all.map(({ sample }) => sample.state)).toEqual(['hashing', 'faulty', 'hashing'])
})

test.each([
  ['uptime', (minute: number) => ({ uptimeS: 5000 + minute * 60 })],
  ['hashrate', (minute: number) => ({ hashrateHs: 2e14 + minute })],
  ['shares', (minute: number) => ({ pools: { ...POOLS, shares: { accepted: minute } } })],
])('a machine whose %s moves hashes', (_name, at) => {
  const all = after([0, 10, 20, 30], at)
  expect(all.every(({ sample }) => sample.state === 'hashing')).toBe(true)
})

test('a machine that tells no uptime is not judged by it', () => {
  const all = after([0, 60], () => ({ uptimeS: undefined }))
  expect(all.at(-1)?.sample.state).toBe('hashing')
})
