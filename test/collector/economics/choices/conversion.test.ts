import { describe, expect, it } from 'vitest'
import { convert, MONTH_H } from '../../../../collector/economics/choices/conversion.ts'
import { ConversionSchema } from '../../../../collector/economics/choices/scenario.ts'
import { whatIf } from '../../../../collector/economics/choices/whatif.ts'
import { siteNow } from '../live/site-now.ts'

const AT = Date.UTC(2026, 0, 1)
/** 1 MW of a mine that nets 40 USD/MWh, at an energy price of 50 USD/MWh. */
const MINE = { atMs: AT, netUsdPerKwH: 0.04, energyUsdPerKwh: 0.05 }
const conversion = (more: Record<string, unknown>) =>
  ConversionSchema.parse({ powerMw: 1, capexUsdPerMw: 10_000_000, months: 12, pue: 1.25, ...more })
const GPUS = { usdPerGpuHour: 2, kwPerGpu: 1, occupancy: 0.8 }

describe('a conversion', () => {
  it('to GPU-hours earns what its GPUs hold, pays energy for all of its power, and gives up what it replaces', () => {
    expect(convert(conversion(GPUS), MINE)).toMatchObject({
      itPowerW: 800_000,
      gpus: 800,
      revenueUsdPerH: 1280,
      revenueUsdPerMwh: 1280,
      energyCostUsdPerH: 50,
      netUsdPerH: 1230,
      givenUpUsdPerH: 40,
      gainUsdPerH: 1190,
      opensAtMs: AT + 12 * MONTH_H * 3_600_000,
    })
  })

  it('pays its capital and the lost months back from its gain', () => {
    const c = convert(conversion(GPUS), MINE)
    expect(c.buildLossUsd).toBeCloseTo(40 * 12 * MONTH_H, 6)
    expect(c.investmentUsd).toBeCloseTo(10_000_000 + 350_640, 6)
    expect(c.paybackMonths).toBeCloseTo(10_350_640 / (1190 * 730.5), 9)
    expect(c.paybackMonthsFromStart).toBeCloseTo(12 + 10_350_640 / (1190 * 730.5), 9)
  })

  it('breaks even at the occupancy that earns what it replaces; with capital, at one that also earns its investment in its life', () => {
    const c = convert(conversion(GPUS), MINE)
    expect(c.breakEvenOccupancy).toBeCloseTo(90 / 1600, 9)
    const at = (occupancy: number | undefined) => convert(conversion({ ...GPUS, occupancy }), MINE)
    expect(at(c.breakEvenOccupancy).gainUsdPerH).toBeCloseTo(0, 9)
    // then the payback is its life, to the month
    expect(at(c.breakEvenOccupancyWithCapital).paybackMonths).toBeCloseTo(60, 6)
  })

  it('to colocation is paid by the kW of IT and month, and its customer may pay the energy', () => {
    const sold = { colocationUsdPerKwMonth: 146.1, occupancy: 1 }
    const c = convert(conversion(sold), MINE)
    expect(c.revenueUsdPerH).toBeCloseTo(800 * 0.2, 9)
    expect(c.energyCostUsdPerH).toBeCloseTo(50, 9)
    expect(c).not.toHaveProperty('gpus')
    expect(convert(conversion({ ...sold, tenantPaysEnergy: true }), MINE).energyCostUsdPerH).toBe(0)
  })

  it('counts GPUs by the MW, whole ones', () => {
    expect(convert(conversion({ usdPerGpuHour: 2, gpusPerMw: 700.9 }), MINE).gpus).toBe(700)
    expect(convert(conversion({ usdPerGpuHour: 2, kwPerGpu: 1.3 }), MINE).gpus).toBe(615)
  })

  it('that gains nothing never pays back, and says no number', () => {
    const c = convert(conversion({ ...GPUS, usdPerGpuHour: 0.01 }), MINE)
    expect(c.gainUsdPerH).toBeLessThan(0)
    expect(c).not.toHaveProperty('paybackMonths')
    expect(c.breakEvenOccupancy).toBeGreaterThan(1)
    expect(convert(conversion({ ...GPUS, usdPerGpuHour: 0 }), MINE)).not.toHaveProperty('breakEvenOccupancy')
  })

  it('of a mine that loses money wins while it is built', () => {
    const c = convert(conversion(GPUS), { ...MINE, netUsdPerKwH: -0.02 })
    expect([c.givenUpUsdPerH, c.gainUsdPerH]).toEqual([-20, 1250])
    expect(c.buildLossUsd).toBeLessThan(0)
  })

  it('has the net present value of its months, each at its end', () => {
    const monthly = (rate: number) => {
      let npv = -10_000_000
      for (let month = 1; month <= 12 + 60; month++)
        npv += ((month <= 12 ? -40 : 1190) * MONTH_H) / (1 + rate) ** (month / 12)
      return npv
    }
    for (const discountRate of [0, 0.12, -0.05, 1e-12])
      expect(convert(conversion({ ...GPUS, discountRate }), MINE).npvUsd).toBeCloseTo(
        monthly(discountRate),
        3,
      )
    expect(convert(conversion(GPUS), MINE)).not.toHaveProperty('npvUsd')
  })
})

describe('a conversion in a scenario', () => {
  const scenario = (more = {}) => ({
    conversion: conversion({ ...GPUS, from: 'mining', powerMw: 0.1 }),
    ...more,
  })

  it('gives up the net of the workload that it takes the power from, under the scenario', () => {
    const said = whatIf(siteNow(), scenario({ energyUsdPerKwh: 0.03 }))
    const mining = said.workloads.find((w) => w.workload === 'mining')?.after
    // 0.1 of the 0.2 MW
    expect(said.conversion?.givenUpUsdPerH).toBeCloseTo((mining?.netUsdPerH ?? 0) / 2, 9)
    expect(said.conversion?.energyCostUsdPerH).toBeCloseTo(3, 9)
    const fresh = whatIf(siteNow(), { conversion: conversion(GPUS) })
    expect(fresh.conversion).toMatchObject({ givenUpUsdPerH: 0, buildLossUsd: 0 })
  })

  it('shows what moves its payback: its own inputs, and those of the site', () => {
    const { sensitivities, conversion: now } = whatIf(siteNow(), scenario())
    const of = (input: string) => sensitivities.find((s) => s.input === input)
    const payback = now?.paybackMonths ?? 0
    expect(of('conversion.capexUsdPerMw')?.paybackMonthsAtHigh).toBeGreaterThan(payback)
    expect(of('conversion.occupancy')?.paybackMonthsAtHigh).toBeLessThan(payback)
    expect(of('conversion.pue')).toMatchObject({ low: 1.125, high: 1.375 })
    // at a higher Bitcoin price the replaced mine would have earned more
    expect(of('btcUsd')?.paybackMonthsAtHigh).toBeGreaterThan(payback)
    expect(of('conversion.colocationUsdPerKwMonth')).toBeUndefined()
    expect(of('conversion.months')).not.toHaveProperty('netAtLowUsdPerH')
  })
})
