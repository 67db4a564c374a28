import { describe, expect, it } from 'vitest'
import { betterUse, type MachineBlock } from '../../../../collector/economics/choices/better-use.ts'
import { offersOf } from '../../../../collector/economics/choices/offers.ts'
import type { AdviceBlock } from '../../../../protocol/advice.ts'
import { evaluate } from '../../screens/recompute.ts'
import { PH_USD_PER_H, siteNow, workload } from '../live/site-now.ts'

const block = (name: string, more: Partial<MachineBlock>): MachineBlock => ({
  workload: name,
  idle: false,
  hardware: 'asic',
  devices: 1,
  powerW: 0,
  revenueUsdPerH: 0,
  hashrateHs: 0,
  gpus: 0,
  serves: new Set(),
  ...more,
})
const MINERS = block('mining', {
  container: 'C01',
  model: 'Antminer S21',
  devices: 50,
  powerW: 200_000,
  hashrateHs: 10e15,
  revenueUsdPerH: 9.8 * PH_USD_PER_H,
  serves: new Set(['mining']),
})
const RENTED = block('rental', {
  hardware: 'gpu',
  model: 'H100',
  devices: 8,
  powerW: 8_000,
  gpus: 8,
  revenueUsdPerH: 16,
  serves: new Set(['rental', 'chat']),
})
const IDLE = block('idle', {
  ...RENTED,
  workload: 'idle',
  idle: true,
  powerW: 200,
  gpus: 2,
  revenueUsdPerH: 0,
})
const HALL = block('hall', {
  hardware: 'none',
  bound: 'paid for capacity',
  powerW: 50_000,
  revenueUsdPerH: 12,
})
const STOPPED = { ...MINERS, workload: 'idle', idle: true, powerW: 1_000, revenueUsdPerH: 0 }
const PRICE = { energyUsdPerKwh: 0.05 }
const OFFERS = offersOf(siteNow())

const advised = (blocks: MachineBlock[], price: Parameters<typeof betterUse>[2] = PRICE) => {
  const list = betterUse(blocks, OFFERS, price)
  return { list, of: (name: string) => list.find((b) => b.workload === name) }
}

describe('better use', () => {
  it('offers what each workload pays now: a hash, a GPU, a kWh', () => {
    expect(OFFERS.map((o) => o.workload)).toEqual(['mining', 'rental', 'chat', 'hall'])
    expect(OFFERS[0]?.usdPerHs).toBeCloseTo((0.98 * PH_USD_PER_H) / 1e15, 25)
    expect(OFFERS[1]).toEqual({
      workload: 'rental',
      usdPerGpu: 2,
      wattsPerGpu: 1000,
      occupancy: 0.8,
      usdPerKwh: 2,
    })
    expect(OFFERS[2]).toMatchObject({ usdPerGpu: 3, usdPerKwh: 3 })
    expect(OFFERS[3]).toEqual({ workload: 'hall', usdPerKwh: 0.2 })
  })

  it('never has a miner serve AI as it is: its power could, after a build', () => {
    const miners = advised([MINERS]).of('mining')
    expect(miners?.best).toBeUndefined()
    expect(miners?.uses.map((u) => [u.workload, u.afterBuild])).toEqual([
      ['chat', true],
      ['rental', true],
      ['hall', true],
    ])
    expect(miners?.bestAfterBuild).toMatchObject({
      workload: 'chat',
      revenueUsdPerH: 600,
      revenueUsdPerMwh: 3000,
    })
  })

  it('has GPUs serve what their model could, and never mine', () => {
    const rented = advised([RENTED]).of('rental')
    expect(rented?.best).toMatchObject({ workload: 'chat', revenueUsdPerH: 24, differenceUsdPerH: 8 })
    expect(rented?.uses.find((u) => u.workload === 'mining')).toMatchObject({ afterBuild: true })
    expect(rented?.bestAfterBuild).toBeUndefined()
  })

  it('counts idle GPUs at what their best use would pay, less the energy that they would take more', () => {
    const idle = advised([IDLE]).of('idle')
    // 2 x 3 USD/h; 2 kW instead of 0.2
    expect(idle?.idle).toMatchObject({ gpus: 2, opportunityCostUsdPerH: expect.closeTo(6 - 1.8 * 0.05, 9) })
    expect(idle?.best?.revenueUsdPerMwh).toBeCloseTo(3000, 9)
    const rented = { ...IDLE, serves: new Set(['rental']) }
    expect(advised([rented]).of('idle')?.idle).toMatchObject({
      opportunityCostUsdPerH: expect.closeTo(4 - 1.8 * 0.05, 9),
      // 8 of 10 are held
      expectedUsdPerH: expect.closeTo(0.8 * (4 - 1.8 * 0.05), 9),
    })
    expect(idle?.uses.some((u) => u.afterBuild)).toBe(false)
  })

  it('starts miners that stand still where their hashes pay more than their energy, and gives no advice without a miner that hashes', () => {
    const idle = advised([STOPPED]).of('idle')
    // 10 PH/s at 20 J/TH: 200 kW instead of 1
    expect(idle?.best?.differenceUsdPerH).toBeCloseTo(9.8 * PH_USD_PER_H - 199 * 0.05, 9)
    expect(advised([STOPPED], { energyUsdPerKwh: 0.13 }).of('idle')?.best).toBeUndefined()
    const [mining] = OFFERS
    const [unknown] = betterUse([STOPPED], [{ ...mining!, wattsPerHs: undefined }], PRICE)
    expect(unknown?.uses).toEqual([])
  })

  it('advises nothing to who is paid for capacity, and shows what else there is', () => {
    const hall = advised([HALL]).of('hall')
    expect([hall?.best, hall?.bestAfterBuild]).toEqual([undefined, undefined])
    expect(hall?.uses.map((u) => u.workload)).toEqual(['chat', 'rental', 'mining'])
    expect(hall?.pause).toEqual({ now: false, because: 'paid for capacity' })
  })

  it('pauses each block above the energy price that it earns, first the one that earns least', () => {
    const { list, of } = advised([HALL, RENTED, MINERS, IDLE])
    expect(list.map((b) => b.workload)).toEqual(['idle', 'mining', 'rental', 'hall'])
    expect(of('mining')?.pause).toMatchObject({ now: false, aboveUsdPerKwh: (9.8 * PH_USD_PER_H) / 200 })
    expect(of('rental')?.pause.aboveUsdPerKwh).toBe(2)
    expect(of('idle')?.pause).toMatchObject({ now: true, aboveUsdPerKwh: 0 })
    expect(advised([MINERS], { energyUsdPerKwh: 0.129 }).of('mining')?.pause.now).toBe(true)
    expect(advised([MINERS], { energyUsdPerKwh: 0.128 }).of('mining')?.pause.now).toBe(false)
  })

  it('subtracts the surcharges on the energy price, since a pause saves them too', () => {
    const price = { energyUsdPerKwh: 0.11, transmissionUsdPerKwh: 0.02 }
    const pause = advised([MINERS], price).of('mining')?.pause
    expect(pause?.aboveUsdPerKwh).toBeCloseTo((9.8 * PH_USD_PER_H) / 200 - 0.02, 9)
    expect(pause?.now).toBe(true)
  })

  it('never says pause where the energy price is unknown, or no power is drawn', () => {
    expect(advised([IDLE], {}).of('idle')?.pause.now).toBe(false)
    expect(advised([{ ...MINERS, powerW: 0 }]).of('mining')?.pause).toEqual({
      now: false,
      because: 'the machines draw no power now',
    })
  })

  it('sends miners to the other pool that pays them more', () => {
    const site = siteNow()
    const other = workload('other-pool', { kind: 'mining', paidBy: 'network' })
    const offers = offersOf({ ...site, workloads: [...site.workloads, other] })
    const block = { ...MINERS, serves: new Set(['mining', 'other-pool']) }
    const [miners] = betterUse([block], offers, PRICE)
    expect(miners?.best).toMatchObject({ workload: 'other-pool', afterBuild: false })
    expect(miners?.best?.differenceUsdPerH).toBeCloseTo(0.2 * PH_USD_PER_H, 9)
  })

  it('explains every figure by a formula that gives it', () => {
    const { list } = advised([HALL, RENTED, MINERS, IDLE, STOPPED], { ...PRICE, transmissionUsdPerKwh: 0.01 })
    const again = (a: { formula: string; inputs: Record<string, number> } | undefined) =>
      a && evaluate(a.formula, new Map(Object.entries(a.inputs)))
    const checks = list.flatMap((b) => [
      [b.pause.aboveUsdPerKwh, again(b.pause.arithmetic)],
      [b.idle?.expectedUsdPerH, again(b.idle?.arithmetic)],
      ...b.uses.map((u) => [u.differenceUsdPerH, again(u.arithmetic)]),
    ])
    expect(checks.filter(([said]) => said !== undefined).length).toBeGreaterThan(10)
    for (const [said, computed] of checks)
      if (said === undefined) expect(computed).toBeUndefined()
      else expect(computed).toBeCloseTo(said, 9)
  })

  it('names a block by its workload, place and model', () => {
    const names = (blocks: MachineBlock[]): AdviceBlock['block'][] => advised(blocks).list.map((b) => b.block)
    expect(names([MINERS])).toEqual(['mining / C01 / Antminer S21'])
    expect(names([HALL])).toEqual(['hall / none'])
  })
})
