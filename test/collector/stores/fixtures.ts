import type { AgentInterval, LedgerRow } from '../../../collector/economics/ledger-row.ts'
import type { StoredSample } from '../../../collector/plugin/store.ts'
import type { Interval } from '../../../protocol/interval.ts'

/** A UTC midnight, and so the start of a minute, an hour and a day. */
export const DAY_MS = 1_767_225_600_000
export const MINUTE_MS = 60_000

export const interval = (over: Partial<Interval> = {}): Interval => ({
  deviceId: 'rack1-01',
  owner: { poolUrl: 'stratum+tcp://pool.example:3333', poolUser: 'site.rack1-01' },
  startMs: DAY_MS,
  durationMs: 60_000,
  coveredMs: 60_000,
  powerBasis: 'metered',
  energyMilliJ: 195_000_000,
  ...over,
})

/** Records of one agent's devices through a number of minutes. */
export const intervals = (devices: number, minutes: number, over: Partial<Interval> = {}): Interval[] =>
  Array.from({ length: devices * minutes }, (_, i) =>
    interval({
      deviceId: `rack1-${i % devices}`,
      startMs: DAY_MS + Math.floor(i / devices) * MINUTE_MS,
      energyMilliJ: 195_000_000 + i,
      ...over,
    }),
  )

export const ledgerRow = (over: Partial<LedgerRow> = {}): LedgerRow => ({
  minuteMs: DAY_MS,
  workload: 'mining',
  agentId: 'agent-a',
  deviceId: 'rack1-01',
  owner: 'poolUser=site.rack1-01',
  container: 'c1',
  rack: 'r1',
  energyMilliJ: 195_000_000,
  coveredMs: 60_000,
  revenueNanoUsd: 1_234_567,
  minedMilliSat: 1_234,
  feeNanoUsd: 25_195,
  costNanoUsd: 765_432,
  demandNanoUsd: 4_321,
  depreciationNanoUsd: 98_765,
  workDiff1: 2_793,
  estimatedWorkDiff1: 311,
  estimatedRevenueNanoUsd: 123_456,
  trueUpWorkDiff1: 0,
  trueUpRevenueNanoUsd: 0,
  unpricedWorkDiff1: 17,
  unpricedEnergyMilliJ: -23,
  gpuMs: 0,
  busyGpuMs: 0,
  tokensIn: 0,
  tokensInCached: 0,
  tokensOut: 0,
  intervals: 1,
  ...over,
})

export const sample = (over: Partial<StoredSample> = {}): StoredSample => ({
  agentId: 'agent-a',
  deviceId: 'rack1-01',
  atMs: DAY_MS,
  state: 'hashing',
  powerW: 3250.5,
  hashrateHs: 200e12,
  tempC: 61,
  ...over,
})

/** Records in an order that doesn't depend on the store. */
export const sorted = (records: readonly AgentInterval[]): AgentInterval[] =>
  [...records].sort((a, b) => (orderOf(a) < orderOf(b) ? -1 : 1))
const orderOf = (r: AgentInterval) => JSON.stringify([r.startMs, r.agentId, r.deviceId, r.owner])

export const ofAgent = (agentId: string, records: readonly Interval[]): AgentInterval[] =>
  records.map((record) => ({ ...record, agentId }))
