import { expect, test } from 'vitest'
import type { Loss } from '../../collector/plugin/audit-store.ts'
import type { AlertView } from '../../collector/views/alert.ts'
import { type Interval, intervalKey } from '../../protocol/interval.ts'
import { MINUTE_MS } from '../../protocol/units.ts'
import { exactlyOnce } from './checks.ts'
import { ClosedRecords } from './closed-records.ts'
import type { Evidence, Suffered } from './evidence.ts'
import { countedLosses } from './losses.ts'
import { blindSpots } from './self-test.ts'

const record = (seq: number): Interval => ({
  deviceId: 'miner-1',
  owner: {},
  startMs: seq * MINUTE_MS,
  durationMs: MINUTE_MS,
  coveredMs: MINUTE_MS,
  workDiff1: 10,
})
const loss = (records: number): Loss => ({ agentId: 'mining', epoch: 1, seq: 1, records, atMs: 0 })
const alert = (rule: string, agentId?: string): AlertView => ({
  id: rule,
  rule,
  severity: 'critical',
  summary: '',
  subject: agentId === undefined ? {} : { agentId },
  sinceMs: 0,
  lossUsdPerHour: 0,
})

/** A run in which ten records were closed, of which the store has some. */
function evidence(
  storedSeqs: readonly number[],
  more: { losses?: Loss[]; alerts?: AlertView[]; suffered?: Partial<Suffered>; inMemory?: number[] } = {},
): Evidence {
  const closed = new ClosedRecords()
  const seqs = Array.from({ length: 10 }, (_, i) => i + 1)
  for (const seq of seqs) closed.add(1, seq, [record(seq)], !more.inMemory?.includes(seq))
  return {
    stored: {
      intervals: storedSeqs.map((seq) => ({ ...record(seq), agentId: 'mining' })),
      byDevice: [],
      byWorkload: [],
      unsettledMinutes: [],
      quarantined: [],
      losses: more.losses ?? [],
    },
    closed: new Map([['mining', closed]]),
    aheadMilliJ: new Map(),
    truth: [],
    clocks: new Map(),
    meter: 'site-meter',
    suffered: {
      faults: [],
      copied: new Set(),
      overwritten: [],
      emptied: false,
      resets: [],
      ...more.suffered,
    },
    alerts: more.alerts ?? [],
    isForged: () => false,
  }
}
const upTo = (n: number) => Array.from({ length: n }, (_, i) => i + 1)
const told = [alert('agent-numbers', 'mining')]

test('what is lost, counted and told holds', () => {
  expect(countedLosses(evidence(upTo(10))).problems).toEqual([])
  expect(countedLosses(evidence(upTo(7), { losses: [loss(3)], alerts: told })).problems).toEqual([])
})

test('a loss that is hidden, or counted too small, is found', () => {
  expect(countedLosses(evidence(upTo(9))).problems).toEqual([
    'mining: 1 records were lost, and 0 are counted as lost (1 to 1 would be right)',
  ])
  expect(countedLosses(evidence(upTo(5), { losses: [loss(4)], alerts: told })).problems).toHaveLength(1)
})

test('a loss that is counted and was none is found', () => {
  expect(countedLosses(evidence(upTo(10), { losses: [loss(1)], alerts: told })).problems).toEqual([
    'mining: 0 records were lost, and 1 are counted as lost (0 to 0 would be right)',
  ])
})

test('a loss that no alert told is found; the alert of another agent does not tell it', () => {
  const lost = (alerts: AlertView[]) => evidence(upTo(9), { losses: [loss(1)], alerts })
  expect(countedLosses(lost([alert('agent-numbers', 'gpu')])).problems).toEqual([
    'mining: 1 records are counted as lost, and no alert told it',
  ])
  expect(countedLosses(lost([alert('store-warning')])).problems).toEqual([])
})

test('what only a full disk’s agent had in memory may be counted or not', () => {
  const inMemory = [9, 10]
  for (const counted of [0, 1, 2])
    expect(
      countedLosses(evidence(upTo(8), { inMemory, losses: counted > 0 ? [loss(counted)] : [], alerts: told }))
        .problems,
    ).toEqual([])
  expect(countedLosses(evidence(upTo(7), { inMemory })).problems).toHaveLength(1)
})

test('of a copied spool at least the minutes without any record are counted', () => {
  const suffered = { copied: new Set(['mining']) }
  expect(countedLosses(evidence(upTo(8), { suffered, losses: [loss(4)], alerts: told })).problems).toEqual([])
  expect(
    countedLosses(evidence(upTo(8), { suffered, losses: [loss(1)], alerts: told })).problems,
  ).toHaveLength(1)
})

test('what was in an overwritten spool alone can’t be known, unless something that followed the backup was delivered', () => {
  const key = (seq: number) => intervalKey(record(seq))
  const withBackupAt = (seq: number) => ({
    copied: new Set(['mining']),
    overwritten: [{ agent: 'mining', keys: new Set(upTo(10).slice(seq).map(key)) }],
  })
  const problems = (suffered: Partial<Suffered>) => countedLosses(evidence(upTo(8), { suffered })).problems
  expect(problems(withBackupAt(8))).toEqual([])
  expect(problems(withBackupAt(9))).toHaveLength(1)
  expect(problems(withBackupAt(7))).toHaveLength(1)
})

test('a record that is missing is excused only where the database lost some', () => {
  expect(exactlyOnce(evidence(upTo(9))).problems).toHaveLength(1)
  expect(exactlyOnce(evidence(upTo(9), { suffered: { emptied: true } })).problems).toEqual([])
})

test('the self-test finds each planted fault, also where spools were copied or the database lost records', () => {
  for (const suffered of [{}, { copied: new Set(['mining']) }, { emptied: true }])
    expect(blindSpots(evidence(upTo(10), { suffered }))).toEqual([])
  // the first records were only in the memory of an agent whose disk was full
  expect(blindSpots(evidence(upTo(10), { inMemory: [1, 2, 3] }))).toEqual([])
  expect(
    blindSpots(evidence(upTo(7), { suffered: { emptied: true }, losses: [loss(3)], alerts: told })),
  ).toEqual([])
})
