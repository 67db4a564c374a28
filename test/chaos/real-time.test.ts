import { expect, test } from 'vitest'
import type { AgentInterval } from '../../collector/economics/ledger-row.ts'
import { realStarts } from './real-time.ts'

const record = (startMs: number): AgentInterval => ({
  agentId: 'mining',
  deviceId: 'asic',
  owner: {},
  startMs,
  durationMs: 20_000,
  coveredMs: 20_000,
})
/** from 1,000,000 on, for 60 s, the clock is ahead by 100 s */
const HISTORY = [
  { fromMs: 0, offsetMs: 0 },
  { fromMs: 1_000_000, offsetMs: 100_000 },
  { fromMs: 1_060_000, offsetMs: 0 },
]

test('times that the clock showed twice are told apart by the order of the records', () => {
  const labels = [
    980_000, 1_100_000, 1_120_000, 1_140_000, 1_060_000, 1_080_000, 1_100_001, 1_120_001, 1_160_000,
  ]
  const records = labels.map(record)
  const starts = realStarts(records, HISTORY)
  expect(records.map((r) => starts.get(r))).toEqual([
    980_000, 1_000_000, 1_020_000, 1_040_000, 1_060_000, 1_080_000, 1_100_001, 1_120_001, 1_160_000,
  ])
})

test('where the order says nothing either, nothing is claimed', () => {
  const alone = record(1_110_000)
  expect(realStarts([alone], HISTORY).get(alone)).toBeUndefined()
})

test('a record that was open when the clock was set has its start by the new clock', () => {
  const behind = [
    { fromMs: 0, offsetMs: 0 },
    { fromMs: 1_000_000, offsetMs: -82_000 },
    { fromMs: 1_009_000, offsetMs: 0 },
  ]
  // 993,000 and 2 s of it, before its process was killed
  const open = { ...record(911_000), durationMs: 2_000, coveredMs: 2_000 }
  const records = [record(905_000), record(960_000), open, record(1_010_000)]
  const starts = realStarts(records, behind)
  expect(records.map((r) => starts.get(r))).toEqual([905_000, 960_000, 993_000, 1_010_000])
})
