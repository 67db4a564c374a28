import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { Figures } from '../../../collector/books/figures.ts'
import { WorkloadSchema } from '../../../collector/economics/workloads.ts'
import { RecentLedger } from '../../../collector/settling/recent-ledger.ts'
import { MINUTE_MS } from '../../../protocol/units.ts'
import { batch, KNOWN, LedgerRig, POOL, record, T0, TENANT } from '../ledger-rig.ts'
import { MemoryStore } from '../memory-store.ts'

const WORKLOADS = [
  WorkloadSchema.parse({
    name: 'mining',
    kind: 'mining',
    customer: 'own book',
    match: [{ poolUrl: '*' }],
  }),
  WorkloadSchema.parse({
    name: 'rental',
    kind: 'gpu-hour',
    usdPerGpuHour: 3,
    customer: 'Acme',
    match: [{ namespace: 'tenant-*' }],
  }),
  WorkloadSchema.parse({ name: 'fee', kind: 'fixed', usdPerMonth: 44_640, customer: 'Acme' }),
]

describe('figures', () => {
  let rig: LedgerRig
  let figures: Figures
  beforeEach(async () => {
    const store = new MemoryStore()
    rig = await new LedgerRig(store, WORKLOADS).start()
    const minutes = new RecentLedger()
    figures = new Figures({ store, pricing: rig.pricing, devices: KNOWN, minutes })
    const kwh = 3_600_000_000
    await rig.take(
      batch(1, [
        record(0, 'rig1', { energyMilliJ: kwh, owner: POOL, workDiff1: 4_000_000 }),
        record(0, 'node/gpu0', { owner: TENANT, energyMilliJ: kwh / 2, gpuMs: 60_000 }),
        record(0, 'meter', { energyMilliJ: 2 * kwh }),
      ]),
    )
    await rig.settleAll()
    await minutes.load(store, rig.nowMs)
  })
  afterEach(() => rig.stop())

  it('give each workload over the usual times, per kWh, per watt-year and in satoshis', async () => {
    const periods = await figures.periods('workload')
    const mining = periods.find((p) => p.group === 'mining')
    for (const name of ['hour', 'day', 'monthToDate'] as const)
      expect(mining?.[name]).toMatchObject({ energyJ: 3_600_000, workDiff1: 4_000_000 })
    const { revenueUsd = 0, revenueUsdPerWattYear, minedSat, minedSatPerKwh } = mining?.hour ?? {}
    expect(revenueUsdPerWattYear).toBeCloseTo(revenueUsd * 8.766, 9)
    // at 100,000 USD a bitcoin a satoshi is 0.1 cent
    expect(minedSat).toBeCloseTo(revenueUsd * 1000, 2)
    expect(minedSatPerKwh).toBeCloseTo(minedSat ?? 0, 9)
    expect(periods.find((p) => p.group === 'rental')?.hour).not.toHaveProperty('minedSatPerKwh')
  })

  it('add up what belongs to a customer, a contract without machines included', async () => {
    const acme = (await figures.periods('customer')).find((p) => p.group === 'Acme')
    // a GPU-minute at 3 USD/h, and the minutes since the contract holds at 1 USD each
    const fees = (await figures.periods('workload')).find((p) => p.group === 'fee')?.day?.revenueUsd ?? 0
    expect(fees).toBeGreaterThan(0)
    expect(acme?.day?.revenueUsd).toBeCloseTo(0.05 + fees, 9)
    expect((await figures.periods('kind')).map((p) => p.group).sort()).toEqual([
      'fixed',
      'gpu-hour',
      'mining',
      'overhead',
    ])
  })

  it('show a minute’s meters, what is behind them and where the rest stands', async () => {
    const balance = await figures.balance(T0)
    expect(balance).toMatchObject({ balances: true, totalMilliJ: 7_200_000_000 })
    expect(balance.meters).toEqual([
      expect.objectContaining({
        deviceId: 'meter',
        measuredMilliJ: 7_200_000_000,
        behindMilliJ: 5_400_000_000,
        restMilliJ: 1_800_000_000,
        rest: { overhead: 1_800_000_000 },
      }),
    ])
    expect(await figures.balance(T0 + 60 * MINUTE_MS)).toMatchObject({ totalMilliJ: 0, meters: [] })
  })
})
