import { describe, expect, it } from 'vitest'
import { type Scenario, ScenarioSchema } from '../../../../collector/economics/choices/scenario.ts'
import { scenarioFault, whatIf } from '../../../../collector/economics/choices/whatif.ts'
import { PH_USD_PER_H, siteNow } from '../live/site-now.ts'

const ask = (scenario: Scenario, site = siteNow()) => {
  const said = whatIf(site, scenario)
  const of = (name: string) => said.workloads.find((w) => w.workload === name)?.after
  return { ...said, of }
}

describe('what if', () => {
  it('nothing changes: before and after are the same, and what was observed', () => {
    const { site, workloads, prices, missing } = ask({})
    expect(site.after).toEqual(site.before)
    expect(prices.after).toEqual(prices.before)
    for (const w of workloads) expect(w.after).toEqual(w.before)
    expect(missing).toEqual([])
    expect(site.before.powerW).toBe(270_200)
    expect(site.before.netUsdPerH).toBeCloseTo(9.8 * PH_USD_PER_H + 16 + 6 + 12 - 270.2 * 0.05, 9)
    expect(prices.before.hashpriceUsdPerPhDay).toBeCloseTo(62.8643, 4)
  })

  it('a part of the network leaves: difficulty falls to (1 - s), and hashprice rises by 1 / (1 - s)', () => {
    const { prices, of } = ask({ networkLeavesShare: 0.2 })
    expect(prices.after.difficulty).toBeCloseTo(0.8e14, -3)
    expect(prices.after.hashpriceUsdPerPhDay).toBeCloseTo(62.8643 / 0.8, 3)
    expect(of('mining')?.revenueUsdPerH).toBeCloseTo((9.8 * PH_USD_PER_H) / 0.8, 9)
  })

  it('more than three quarters leave: the next retarget goes by a factor of 4 and no further', () => {
    expect(ask({ networkLeavesShare: 0.9 }).prices.after.difficulty).toBe(0.25e14)
    expect(ask({ networkLeavesShare: -3 }).prices.after.difficulty).toBe(4e14)
  })

  it('the next halving: half the revenue without fees, and says when it is', () => {
    const { of, network } = ask({ halving: true })
    expect(of('mining')?.revenueUsdPerH).toBeCloseTo((9.8 * PH_USD_PER_H) / 2, 9)
    expect(network?.halving).toMatchObject({ height: 1_050_000, blocksLeft: 150_000, subsidyBtc: 1.5625 })
  })

  it('price and difficulty move mining alone', () => {
    const { of, site } = ask({ btcUsd: 50_000, difficulty: 2e14 })
    expect(of('mining')?.revenueUsdPerH).toBeCloseTo((9.8 * PH_USD_PER_H) / 4, 9)
    expect(of('rental')?.revenueUsdPerH).toBe(16)
    expect(site.after.netUsdPerH - site.before.netUsdPerH).toBeCloseTo(-0.75 * 9.8 * PH_USD_PER_H, 9)
  })

  it('the energy price moves every cost, and no revenue but that of a customer who pays his energy', () => {
    const site = siteNow()
    const passing = {
      ...site,
      workloads: site.workloads.map((w) => ({ ...w, energyPassedOn: w.name === 'hall' })),
    }
    const { of, site: sums } = ask({ energyUsdPerKwh: 0.15 }, passing)
    expect(of('mining')?.energyCostUsdPerH).toBeCloseTo(30, 9)
    expect(of('mining')?.revenueUsdPerH).toBeCloseTo(9.8 * PH_USD_PER_H, 9)
    expect(of('hall')?.netUsdPerH).toBeCloseTo(12 - 2.5, 9)
    expect(sums.after.energyCostUsdPerH).toBeCloseTo(270.2 * 0.15, 9)
  })

  it('occupancy fills idle GPUs, which then take more power', () => {
    const { of } = ask({ occupancy: 1 })
    expect(of('rental')).toMatchObject({ revenueUsdPerH: 20, powerW: 10_000 })
    expect(of('idle')?.powerW).toBeCloseTo(0, 9)
    expect(ask({ occupancy: 0 }).of('rental')).toMatchObject({ revenueUsdPerH: 0, powerW: 0 })
  })

  it('the price of a GPU-hour is one for all, or by workload', () => {
    expect(ask({ usdPerGpuHour: 3 }).of('rental')?.revenueUsdPerH).toBe(24)
    expect(ask({ usdPerGpuHour: { rental: 1 }, occupancy: 1 }).of('rental')?.revenueUsdPerH).toBe(10)
    expect(ask({ tokenPriceRatio: 0.5 }).of('chat')?.revenueUsdPerH).toBe(3)
  })

  it('break-even is on the tariff’s own axis: at that energy price the net is nothing', () => {
    const { site } = ask({})
    const breakEven = site.before.breakEvenUsdPerKwh as number
    expect(ask({ energyUsdPerKwh: breakEven }).site.after.netUsdPerH).toBeCloseTo(0, 9)
    expect(site.before.revenueUsdPerMwh).toBeCloseTo(1000 * breakEven, 9)
  })

  it('without prices says which are missing, and takes those of the scenario', () => {
    const bare = siteNow({ prices: {} })
    const { missing, site, network } = ask({}, bare)
    expect(missing).toEqual(['btcUsd', 'difficulty', 'blockHeight', 'energyUsdPerKwh'])
    expect(site.after.revenueUsdPerH).toBe(site.before.revenueUsdPerH)
    expect(network).toBeUndefined()
    const priced = siteNow({ prices: { blockHeight: 900_000 } })
    expect(ask({ btcUsd: 100_000, difficulty: 1e14 }, priced).of('mining')?.revenueUsdPerH).toBeCloseTo(
      9.8 * PH_USD_PER_H,
      9,
    )
  })
})

describe('sensitivities', () => {
  const of = (input: string, scenario: Scenario = {}) =>
    whatIf(siteNow(), scenario).sensitivities.find((s) => s.input === input)

  it('are the change of the site’s net for one per cent of each input, all others held', () => {
    expect(of('btcUsd')?.netUsdPerHPerPercent).toBeCloseTo(0.098 * PH_USD_PER_H, 9)
    expect(of('energyUsdPerKwh')?.netUsdPerHPerPercent).toBeCloseTo(-0.01 * 270.2 * 0.05, 9)
    expect(of('usdPerGpuHour')).toMatchObject({ value: 2, netUsdPerHPerPercent: expect.closeTo(0.16, 9) })
    // a GPU more earns 2 USD/h, and takes 1 kW instead of 0.1
    expect(of('occupancy')?.netUsdPerHPerPercent).toBeCloseTo(0.08 * (2 - 0.9 * 0.05), 9)
    expect(of('tokenPriceRatio')?.netUsdPerHPerPercent).toBeCloseTo(0.06, 9)
    // a per cent up and a per cent down of a reciprocal
    expect(of('difficulty')?.netUsdPerHPerPercent).toBeCloseTo(
      (9.8 * PH_USD_PER_H * (1 / 1.01 - 1 / 0.99)) / 2,
      9,
    )
  })

  it('are a tornado: the widest swing from 10 % less to 10 % more comes first', () => {
    const list = whatIf(siteNow(), {}).sensitivities
    const swings = list.map((s) => Math.abs((s.netAtHighUsdPerH ?? 0) - (s.netAtLowUsdPerH ?? 0)))
    expect(swings).toEqual([...swings].sort((a, b) => b - a))
    const btc = of('btcUsd')
    expect([btc?.low, btc?.high]).toEqual([90_000, expect.closeTo(110_000, 6)])
    expect((btc?.netAtHighUsdPerH ?? 0) - (btc?.netAtLowUsdPerH ?? 0)).toBeCloseTo(1.96 * PH_USD_PER_H, 9)
  })

  it('go one way where an input can go no further', () => {
    const full = of('occupancy', { occupancy: 1 })
    expect(full).toMatchObject({ value: 1, high: 1, low: 0.9 })
    expect(full?.netUsdPerHPerPercent).toBeCloseTo(0.1 * (2 - 0.9 * 0.05), 9)
  })

  it('leave out what is unknown', () => {
    const inputs = whatIf(siteNow({ prices: {} }), {}).sensitivities.map((s) => s.input)
    expect(inputs).toEqual(expect.not.arrayContaining(['btcUsd', 'energyUsdPerKwh']))
  })
})

describe('a scenario', () => {
  it.each([
    [{ occupancy: 1.2 }, 'occupancy'],
    [{ networkLeavesShare: 1 }, 'networkLeavesShare'],
    [{ btcUsd: -1 }, 'btcUsd'],
    [{ btcUds: 1 }, ''],
    [{ conversion: { powerMw: 1, capexUsdPerMw: 1, months: 1 } }, 'conversion.usdPerGpuHour'],
    [
      {
        conversion: { powerMw: 1, capexUsdPerMw: 1, months: 1, usdPerGpuHour: 2, gpusPerMw: 9, kwPerGpu: 1 },
      },
      'conversion.gpusPerMw',
    ],
  ])('%j is refused for its %s', (scenario, path) => {
    expect(ScenarioSchema.safeParse(scenario).error?.issues.map((i) => i.path.join('.'))).toEqual([path])
  })

  it('that names what the site has not is refused with what it has', () => {
    const fault = (scenario: unknown) => scenarioFault(siteNow(), ScenarioSchema.parse(scenario))
    expect(fault({ usdPerGpuHour: { h100: 2 } })).toEqual({
      parameter: 'usdPerGpuHour',
      problem: 'there is no workload h100 that is paid by the GPU-hour; expected one of: rental',
    })
    const conversion = { powerMw: 0.1, capexUsdPerMw: 1, months: 1, colocationUsdPerKwMonth: 100 }
    expect(fault({ conversion: { ...conversion, from: 'mine' } })?.problem).toContain(
      'there is no workload mine',
    )
    expect(fault({ conversion: { ...conversion, from: 'mining', powerMw: 0.3 } })?.problem).toContain(
      'expected at most 0.200000, the MW that mining draws now',
    )
    expect(
      fault({ usdPerGpuHour: { rental: 2 }, conversion: { ...conversion, from: 'mining' } }),
    ).toBeUndefined()
  })
})
