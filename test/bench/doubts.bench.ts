import { bench, describe } from 'vitest'
import { Behind } from '../../collector/doubts/behind.ts'
import { Doubts } from '../../collector/doubts/doubts.ts'
import { planBatch } from '../../collector/intake/batch-plan.ts'
import type { Device } from '../../protocol/device.ts'
import {
  decodeIntervals,
  encodeIntervals,
  type Interval,
  IntervalMessageSchema,
} from '../../protocol/interval.ts'
import { MINUTE_MS } from '../../protocol/units.ts'

/** A minute of 500 miners, and of their outlets: what judging its records costs beside reading the message, which every record costs anyway. */
const RECORDS = 500
const T0 = Date.UTC(2026, 5, 1)
const OWNER = { poolUrl: 'stratum+tcp://pool.example:3333', poolUser: 'site.worker' }
const devices = new Map<string, Device>()
for (let i = 0; i < RECORDS; i++)
  devices.set(`m${i}`, {
    deviceId: `m${i}`,
    kind: 'asic',
    driver: 'any',
    expectedHashrateHs: 200e12,
    ratedPowerW: 3500,
  })
const intervals = Array.from(
  devices.keys(),
  (deviceId): Interval => ({
    deviceId,
    owner: OWNER,
    startMs: T0,
    durationMs: MINUTE_MS,
    coveredMs: MINUTE_MS,
    energyMilliJ: 210e6,
    workDiff1: 2_793_968,
    hashrateWorkDiff1: 2_793_968,
  }),
)
const text = JSON.stringify(encodeIntervals({ epoch: 1, firstSeq: 1, oldestSeq: 1, intervals }, T0))
for (let i = 0; i < RECORDS; i++)
  devices.set(`outlet${i}`, { deviceId: `outlet${i}`, kind: 'meter', driver: 'any', meteredBy: 'site' })
const outlets = intervals.map(
  ({ workDiff1: _, hashrateWorkDiff1: __, ...one }, i): Interval => ({ ...one, deviceId: `outlet${i}` }),
)
const behind = new Behind(
  () => devices.values(),
  () => T0,
)
const doubts = new Doubts({
  device: (_agentId, deviceId) => devices.get(deviceId),
  gpusOf: () => 0,
  powerLimitW: () => undefined,
  meters: {
    shown: () => ({ peakW: 3500, sinceMs: 0, lastMs: T0 }),
    behindW: (deviceId) => behind.mostW(deviceId),
  },
  nowMs: () => T0,
})
let minute = 0
const judge = (records: readonly Interval[]) => {
  const startMs = T0 + minute++ * MINUTE_MS
  for (const record of records) doubts.judge('a', { ...record, startMs })
  doubts.settled(new Set())
}

describe(`${RECORDS} records of a minute`, () => {
  bench('read the message and plan what is stored', () => {
    const batch = decodeIntervals(IntervalMessageSchema.parse(JSON.parse(text)))
    planBatch({ agentId: 'a', batch }, undefined, { nowMs: T0, retentionMs: 1e12 })
  })
  bench('judge them (at 1 us a record: 2,000 a second)', () => judge(intervals))
  bench('judge as many of meters without a rating', () => judge(outlets))
})
