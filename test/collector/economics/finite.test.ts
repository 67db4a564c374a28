import fc from 'fast-check'
import { describe, it } from 'vitest'
import type { Baseline, BaselineWorkload, PaidBy } from '../../../collector/economics/choices/baseline.ts'
import { betterUse, type MachineBlock } from '../../../collector/economics/choices/better-use.ts'
import { losers, type Machine, modelBreakEvens } from '../../../collector/economics/choices/break-even.ts'
import { offersOf } from '../../../collector/economics/choices/offers.ts'
import { ScenarioSchema } from '../../../collector/economics/choices/scenario.ts'
import { whatIf } from '../../../collector/economics/choices/whatif.ts'
import { unfinite } from '../unfinite.ts'
import { workload } from './live/site-now.ts'

/** Smaller than any value of a real machine or contract. */
const NEXT_TO_NOTHING = 1e-12
const noDust = (x: number) => (Math.abs(x) < NEXT_TO_NOTHING ? 0 : x)
/** 0, a tiny value, or any value up to one that is too large for a site. */
const amount = (max: number) =>
  fc.oneof(fc.constantFrom(0, NEXT_TO_NOTHING), fc.double({ min: 0, max, noNaN: true }).map(noDust))
const signed = (max: number) => fc.oneof(amount(max), fc.double({ min: -max, max, noNaN: true }).map(noDust))
const maybe = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: undefined })
/** Drops undefined fields, because the code represents unknown values by absent fields. */
const absent = <T extends object>(o: T) =>
  Object.fromEntries(Object.entries(o).filter(([, v]) => v !== undefined)) as T

const workloads: fc.Arbitrary<BaselineWorkload[]> = fc.array(
  fc
    .record({
      kind: fc.constantFrom('mining', 'gpu-hour', 'tokens', 'colocation', 'idle', 'overhead'),
      paidBy: fc.constantFrom<PaidBy>('network', 'gpu-hours', 'tokens', 'agreed', 'nothing'),
      energyPassedOn: fc.boolean(),
      powerW: signed(1e9),
      revenueUsdPerH: signed(1e7),
      otherCostUsdPerH: signed(1e6),
      hashrateHs: amount(1e20),
      poolFeeRatio: fc.constantFrom(0, 0.02, 1),
      gpusHeld: amount(1e5),
      gpusInstalled: amount(1e5),
      wattsPerGpu: maybe(amount(2000)),
      usdPerGpuHour: maybe(amount(100)),
      usdPerKwH: maybe(amount(10)),
    })
    .map((w) => workload('w', absent(w) as Partial<BaselineWorkload>)),
  { maxLength: 5 },
)
const baseline: fc.Arbitrary<Baseline> = fc.record({
  atMs: fc.integer({ min: 0, max: 4e12 }),
  prices: fc
    .record({
      btcUsd: maybe(amount(1e7)),
      difficulty: maybe(amount(1e16)),
      blockHeight: maybe(fc.integer({ min: 0, max: 7_000_000 })),
      feesBtcPerBlock: maybe(amount(100)),
      energyUsdPerKwh: maybe(signed(10)),
    })
    .map(absent) as fc.Arbitrary<Baseline['prices']>,
  workloads: workloads.map((list) => list.map((w, i) => ({ ...w, name: `w${i}` }))),
  idleGpus: fc.record({ count: amount(1e5), wattsPerGpu: amount(1000) }),
})
const conversion = fc
  .record({
    from: maybe(fc.constantFrom('w0', 'w1', 'nobody')),
    powerMw: fc.double({ min: 1e-6, max: 1e4, noNaN: true }),
    capexUsdPerMw: amount(1e9),
    months: amount(120),
    sold: fc.oneof(
      fc.record({ usdPerGpuHour: amount(1000), kwPerGpu: fc.double({ min: 1e-3, max: 1e3, noNaN: true }) }),
      fc.record({ colocationUsdPerKwMonth: amount(1e6) }),
    ),
    occupancy: fc.double({ min: 0, max: 1, noNaN: true }).map(noDust),
    pue: fc.double({ min: 1, max: 3, noNaN: true }),
    discountRate: maybe(fc.double({ min: -0.5, max: 10, noNaN: true })),
  })
  .map(({ sold, ...c }) => absent({ ...c, ...sold }))
const scenario = fc
  .record({
    btcUsd: maybe(amount(1e9)),
    difficulty: maybe(fc.double({ min: 1e-6, max: 1e30, noNaN: true })),
    networkLeavesShare: maybe(fc.double({ min: -3, max: 0.95, noNaN: true })),
    halving: maybe(fc.boolean()),
    energyUsdPerKwh: maybe(signed(100)),
    usdPerGpuHour: maybe(amount(1e9)),
    occupancy: maybe(fc.double({ min: 0, max: 1, noNaN: true })),
    tokenPriceRatio: maybe(amount(1e6)),
    conversion: maybe(conversion),
  })
  .map((s) => ScenarioSchema.parse(absent(s)))
const blocks: fc.Arbitrary<MachineBlock[]> = fc.array(
  fc.record({
    workload: fc.constantFrom('w0', 'w1', 'w9', 'idle'),
    idle: fc.boolean(),
    bound: maybe(fc.constant('a contract')),
    hardware: fc.constantFrom('asic' as const, 'gpu' as const, 'none' as const),
    devices: fc.nat(1e5),
    powerW: signed(1e9),
    revenueUsdPerH: signed(1e7),
    hashrateHs: amount(1e20),
    gpus: amount(1e5),
    serves: fc.subarray(['w0', 'w1', 'w2', 'w3']).map((names) => new Set(names)),
  }),
  { maxLength: 6 },
)
const machines: fc.Arbitrary<Machine[]> = fc.array(
  fc.record({
    agentId: fc.constant('a'),
    deviceId: fc.constant('d'),
    kind: fc.constantFrom('asic' as const, 'gpu' as const),
    model: maybe(fc.constantFrom('S21', 'H100')),
    state: fc.constant('ok'),
    workloads: fc.constant([]),
    powerW: maybe(amount(1e5)),
    hashrateHs: maybe(amount(1e16)),
    revenueUsdPerH: signed(1e4),
    costUsdPerH: signed(1e4),
  }),
)

const expectFinite = (answer: unknown) => {
  const found = unfinite(answer)
  if (found.length > 0) throw new Error(found.join(', '))
}

describe('no figure is ever infinite or not a number', () => {
  it('whatever a site is, and whatever is asked of it', () => {
    fc.assert(
      fc.property(baseline, scenario, (site, s) => expectFinite(whatIf(site, s))),
      { numRuns: 400 },
    )
  })

  it('in the advice for any blocks at any prices', () => {
    fc.assert(
      fc.property(baseline, blocks, maybe(signed(10)), (site, list, energyUsdPerKwh) =>
        expectFinite(betterUse(list, offersOf(site), { energyUsdPerKwh })),
      ),
      { numRuns: 400 },
    )
  })

  it('in the break-even of any machines, and in their losses', () => {
    fc.assert(
      fc.property(
        machines,
        maybe(amount(1e4)),
        maybe(signed(10)),
        (list, hashpriceUsdPerPhDay, energyUsdPerKwh) => {
          expectFinite(modelBreakEvens(list, { hashpriceUsdPerPhDay, energyUsdPerKwh }))
          expectFinite(losers(list, 5))
        },
      ),
      { numRuns: 400 },
    )
  })
})
