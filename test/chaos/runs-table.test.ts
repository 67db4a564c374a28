import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import type { RunReport } from './run.ts'
import { record } from './runs-table.ts'

const report = (ok: boolean): RunReport => ({
  faults: new Map([
    ['kill gpu', 2],
    ['cut collector', 1],
  ]),
  checks: [
    { id: 'a', title: '', figures: '', problems: ok ? [] : ['a record is missing'] },
    { id: 'b', title: '', figures: '', problems: [] },
  ],
  evidence: {
    stored: {
      intervals: [],
      byDevice: [],
      byWorkload: [],
      unsettledMinutes: [],
      quarantined: [],
      losses: [],
    },
    closed: new Map(),
    aheadMilliJ: new Map(),
    truth: [],
    clocks: new Map(),
    meter: 'site-meter',
    suffered: { faults: [], copied: new Set(), overwritten: [], emptied: false, resets: [] },
    alerts: [],
    isForged: () => false,
  },
  blindSpots: [],
  ok,
})

test('each run is a row of a table that the first one begins', () => {
  const folder = mkdtempSync(join(tmpdir(), 'perwatt-runs-'))
  const file = join(folder, 'RUNS.md')
  record(file, { seed: 3, store: 'duckdb', minutes: 10, gapS: 6, commit: 'abc' }, report(true))
  record(
    file,
    { seed: 4, store: 'influx', minutes: 1.5, gapS: 3.5, groups: ['usual', 'logs'], commit: 'abc' },
    report(false),
  )
  const lines = readFileSync(file, 'utf8').trim().split('\n')
  rmSync(folder, { recursive: true })
  expect(lines.filter((line) => line.startsWith('| ---'))).toHaveLength(1)
  expect(lines.slice(-2)).toEqual([
    '| abc | 3 | duckdb | all | 10 | 6 | 3 | 0 | 0 | 0 | - | ok |',
    '| abc | 4 | influx | usual logs | 1.5 | 3.5 | 3 | 0 | 0 | 0 | a | FAILED |',
  ])
})
