import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { AgentInterval } from '../../../../collector/economics/ledger-row.ts'
import { settleMinute } from '../../../../collector/economics/settlement/ledger-rows.ts'
import type { Workload } from '../../../../collector/economics/workloads.ts'
import type { Device } from '../../../../protocol/device.ts'
import type { Prices, QuoteName } from '../../../../protocol/quote.ts'
import { siteRules } from '../../rules.ts'

const WORKLOADS: Workload[] = [
  { name: 'mining', kind: 'mining', scheme: 'fpps', poolFeeRatio: 0, match: [{ poolUrl: '*' }] },
  { name: 'h100', kind: 'gpu-hour', usdPerGpuHour: 3.6, match: [{ namespace: 'tenant-*', model: '*H100*' }] },
  {
    name: 'chat',
    kind: 'tokens',
    usdPerMillionTokensIn: 1,
    usdPerMillionTokensOut: 2,
    match: [{ service: 'chat' }, { namespace: 'inference' }],
  },
]
const DEVICES: Device[] = [
  { deviceId: 'rig', kind: 'asic', driver: 'antminer', location: { container: 'C01', rack: 'R02' } },
  { deviceId: 'node/gpu0', kind: 'gpu', driver: 'dcgm', model: 'NVIDIA H100 80GB HBM3' },
  { deviceId: 'llm', kind: 'service', driver: 'llm-server' },
  { deviceId: 'meter', kind: 'meter', driver: 'modbus-meter' },
  { deviceId: 'pdu', kind: 'meter', driver: 'snmp-pdu' },
  { deviceId: 'box', kind: 'host', driver: 'host' },
]
const CONTEXT = siteRules({ workloads: WORKLOADS, siteMeter: 'meter' }, DEVICES)
const quote = (name: QuoteName, value: number) => ({ name, value, unit: '', source: 'test', fromMs: 0 })
const PRICES: Prices = {
  btcUsd: quote('btcUsd', 1e5),
  difficulty: quote('difficulty', 1e14),
  blockHeight: quote('blockHeight', 9e5),
  energyUsdPerKwh: quote('energyUsdPerKwh', 0.036),
}
const interval = (
  deviceId: string,
  owner: AgentInterval['owner'],
  more: Partial<AgentInterval>,
): AgentInterval => ({
  agentId: 'a',
  deviceId,
  owner,
  startMs: 0,
  durationMs: 60_000,
  coveredMs: 60_000,
  ...more,
})
const POOL = { poolUrl: 'stratum+tcp://p.example', poolUser: 'x' }
const settle = (intervals: AgentInterval[], prices = PRICES) => settleMinute(0, intervals, prices, CONTEXT)
const find = (rows: ReturnType<typeof settle>, workload: string) =>
  rows.filter((r) => r.workload === workload)

describe('settlement', () => {
  it('prices each kind of workload, and energy by the tariff', () => {
    const rows = settle([
      interval('rig', POOL, { workDiff1: 1000, energyMilliJ: 100_000_000 }),
      interval(
        'node/gpu0',
        { namespace: 'tenant-a', pod: 'p' },
        { gpuMs: 60_000, busyGpuMs: 30_000, energyMilliJ: 36_000_000 },
      ),
      interval('llm', { service: 'chat', model: 'm' }, { tokensIn: 500_000, tokensOut: 250_000 }),
    ])
    expect(find(rows, 'mining')).toMatchObject([
      { revenueNanoUsd: 3125, container: 'C01', rack: 'R02', costNanoUsd: 1_000_000 },
    ])
    expect(find(rows, 'h100')).toMatchObject([{ revenueNanoUsd: 60_000_000, costNanoUsd: 360_000 }])
    expect(find(rows, 'chat')).toMatchObject([{ revenueNanoUsd: 1_000_000_000 }])
  })

  it('gives dev-fee work no revenue, its watts all the same', () => {
    const [row] = settle([
      interval('rig', { ...POOL, poolRole: 'devfee' }, { workDiff1: 1000, energyMilliJ: 3_600_000_000 }),
    ])
    expect(row).toMatchObject({ workload: 'mining', revenueNanoUsd: 0, costNanoUsd: 36_000_000 })
  })

  it('names what nobody held idle, a host’s own watts overhead, and an unknown owner unassigned', () => {
    const rows = settle([
      interval('node/gpu0', {}, { energyMilliJ: 1 }),
      interval('box', {}, { energyMilliJ: 2 }),
      interval('node/gpu0', { namespace: 'somebody' }, { energyMilliJ: 3 }),
    ])
    expect(rows.map((r) => [r.workload, r.energyMilliJ])).toEqual([
      ['overhead', 2],
      ['idle', 1],
      ['unassigned', 3],
    ])
  })

  it('shows devices that claim more than the meter as unaccounted, with its sign', () => {
    const rows = settle([
      interval('rig', POOL, { energyMilliJ: 500 }),
      interval('meter', {}, { energyMilliJ: 300 }),
    ])
    expect(find(rows, 'unaccounted')).toMatchObject([{ deviceId: 'meter', energyMilliJ: -200 }])
  })

  it('counts a second meter as a check, not as a load', () => {
    const rows = settle([
      interval('rig', POOL, { energyMilliJ: 500 }),
      interval('pdu', {}, { energyMilliJ: 490 }),
      interval('meter', {}, { energyMilliJ: 600 }),
    ])
    expect(rows.reduce((sum, r) => sum + r.energyMilliJ, 0)).toBe(600)
  })

  it('puts two intervals of one owner into one row', () => {
    const rows = settle([
      interval('rig', POOL, { energyMilliJ: 5, durationMs: 20_000, coveredMs: 20_000 }),
      interval('rig', POOL, { energyMilliJ: 7, startMs: 30_000, durationMs: 30_000, coveredMs: 30_000 }),
    ])
    expect(rows).toMatchObject([{ energyMilliJ: 12, coveredMs: 50_000, intervals: 2 }])
  })

  it('prices nothing that it has no price for', () => {
    expect(settle([interval('rig', POOL, { workDiff1: 1000, energyMilliJ: 5 })], {})).toMatchObject([
      { revenueNanoUsd: 0, costNanoUsd: 0 },
    ])
  })

  it('adds up to the meter in whole millijoules, whatever the devices claim (property)', () => {
    const one = fc.record({
      deviceId: fc.constantFrom('rig', 'node/gpu0', 'llm', 'box', 'stranger'),
      owner: fc.constantFrom({}, POOL, { namespace: 'tenant-a' }, { service: 'chat' }, { namespace: 'x' }),
      energyMilliJ: fc.option(fc.integer({ min: 0, max: 2 ** 45 }), { nil: undefined }),
    })
    fc.assert(
      fc.property(
        fc.array(one, { maxLength: 40 }),
        // a row holds at most 1e15 mJ of one record
        fc.array(fc.integer({ min: 0, max: 1e15 }), { minLength: 1, maxLength: 3 }),
        (devices, meter) => {
          const intervals = [
            ...devices.map((d, i) =>
              interval(d.deviceId, d.owner, {
                startMs: i,
                ...(d.energyMilliJ === undefined ? {} : { energyMilliJ: d.energyMilliJ }),
              }),
            ),
            ...meter.map((energyMilliJ, i) => interval('meter', {}, { startMs: i * 1000, energyMilliJ })),
          ]
          const rows = settle(intervals)
          expect(rows.reduce((sum, r) => sum + r.energyMilliJ, 0)).toBe(meter.reduce((a, b) => a + b, 0))
          expect(rows.reduce((sum, r) => sum + r.intervals, 0)).toBe(intervals.length)
          for (const r of rows)
            expect(Object.values(r).every((v) => typeof v === 'string' || Number.isSafeInteger(v))).toBe(true)
        },
      ),
    )
  })
})
