import { describe, expect, it } from 'vitest'
import { losers, type Machine, modelBreakEvens } from '../../../../collector/economics/choices/break-even.ts'

const machine = (deviceId: string, more: Partial<Machine>): Machine => ({
  agentId: 'a',
  deviceId,
  kind: 'asic',
  model: 'S21',
  state: 'hashing',
  workloads: ['mining'],
  revenueUsdPerH: 0,
  costUsdPerH: 0,
  ...more,
})
/** 200 TH/s at 17.5 J/TH, at 0.05 USD/kWh. */
const S21 = { powerW: 3_500, hashrateHs: 200e12, revenueUsdPerH: 0.4, costUsdPerH: 0.175 }
const S9 = { model: 'S9', powerW: 1_350, hashrateHs: 13.5e12, revenueUsdPerH: 0.027, costUsdPerH: 0.0675 }
const PRICES = { hashpriceUsdPerPhDay: 50, energyUsdPerKwh: 0.05 }

describe('break-even of each model', () => {
  it('is the worked example’s: 50 USD/PH/day at 17.5 J/TH gives 0.119 USD/kWh, and 21 USD/PH/day at 0.05', () => {
    const [model] = modelBreakEvens([machine('a', S21), machine('b', S21)], PRICES)
    expect(model).toMatchObject({ model: 'S21', devices: 2, hashrateHs: 400e12, efficiencyJPerTh: 17.5 })
    expect(model?.breakEvenUsdPerKwh).toBeCloseTo(0.119, 3)
    expect(model?.breakEvenHashpriceUsdPerPhDay).toBeCloseTo(21, 9)
    expect(model?.netUsdPerH).toBeCloseTo(0.45, 9)
  })

  it('puts the model first that gives up first', () => {
    const gpu = machine('g', {
      kind: 'gpu',
      model: 'H100',
      powerW: 700,
      revenueUsdPerH: 2,
      costUsdPerH: 0.035,
    })
    const list = modelBreakEvens([gpu, machine('a', S21), machine('b', S9)], PRICES)
    expect(list.map((m) => m.model)).toEqual(['S9', 'S21', 'H100'])
    expect(list[2]).not.toHaveProperty('efficiencyJPerTh')
    expect(list[2]?.revenueUsdPerMwh).toBeCloseTo(2857.14, 2)
  })

  it('measures efficiency by machines that hash and report their power, and counts all', () => {
    const list = modelBreakEvens(
      [machine('a', S21), machine('b', { powerW: 20 }), machine('c', { hashrateHs: 1e14 })],
      PRICES,
    )
    expect(list).toMatchObject([{ devices: 3, powerW: 3_520, hashrateHs: 200e12, efficiencyJPerTh: 17.5 }])
  })

  it('says no number where there is none', () => {
    const [stopped] = modelBreakEvens([machine('a', {})], PRICES)
    expect(stopped).toEqual({
      kind: 'asic',
      model: 'S21',
      devices: 1,
      powerW: 0,
      revenueUsdPerH: 0,
      costUsdPerH: 0,
      netUsdPerH: 0,
    })
    const [unpriced] = modelBreakEvens([machine('a', { ...S21, model: undefined })], {})
    expect(unpriced?.model).toBe('unknown')
    expect(unpriced).not.toHaveProperty('breakEvenUsdPerKwh')
    expect(unpriced).not.toHaveProperty('breakEvenHashpriceUsdPerPhDay')
  })
})

describe('machines that lose money', () => {
  const list = [
    machine('earns', S21),
    machine('s9', S9),
    machine('stuck', { powerW: 3_000, costUsdPerH: 0.15, container: 'C01', rack: 'R02' }),
    machine('free', {}),
  ]

  it('come with their loss, the largest first, and no others', () => {
    expect(losers(list, 10).map((m) => [m.deviceId, m.lossUsdPerH])).toEqual([
      ['stuck', 0.15],
      ['s9', expect.closeTo(0.0405, 12)],
    ])
    expect(losers(list, 1)).toMatchObject([{ deviceId: 'stuck', container: 'C01', rack: 'R02' }])
  })

  it('say at which energy price they would not', () => {
    expect(losers(list, 10).map((m) => m.breakEvenUsdPerKwh)).toEqual([0, expect.closeTo(0.02, 12)])
  })
})
