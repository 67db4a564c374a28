import fc from 'fast-check'
import { expect, test } from 'vitest'
import { PowerBeside } from '../../../agent/counting/power-beside.ts'

const three = (amps: number, powerFactor?: number) => ({
  phases: [0, 1, 2].map(() => ({ volts: 230, amps })),
  powerFactor,
})

test('no power that volts, amps and power factor make is ever left out, however coarse or unequal the phases are', () => {
  const phase = fc.record({
    volts: fc.double({ min: 100, max: 420, noNaN: true }),
    amps: fc.double({ min: 0, max: 4000, noNaN: true }),
    factor: fc.double({ min: -1, max: 1, noNaN: true }),
  })
  fc.assert(
    fc.property(
      fc.array(phase, { minLength: 1, maxLength: 3 }),
      fc.constantFrom(0, 1, 10),
      fc.boolean(),
      (phases, stepW, tellsFactor) => {
        const apparentVa = phases.reduce((va, { volts, amps }) => va + volts * amps, 0)
        const activeW = phases.reduce((w, { volts, amps, factor }) => w + volts * amps * factor, 0)
        const shownW = stepW === 0 ? activeW : Math.round(activeW / stepW) * stepW
        const held = new PowerBeside()
        const beside = {
          phases: phases.map(({ volts, amps }) => ({ volts, amps: Math.round(10 * amps) / 10 })),
          powerFactor: tellsFactor && apparentVa > 0 ? activeW / apparentVa : undefined,
        }
        // exactly 0 beside hundreds of VA is what no load makes
        fc.pre(shownW !== 0)
        for (let poll = 0; poll < 5; poll++)
          expect(held.read(shownW, beside, stepW, 5000 * poll)).toEqual({ powerW: shownW })
      },
    ),
  )
})

test('W for kW, kW for W and 0 W are left out from the first reading on, and told at the third', () => {
  for (const powerW of [10_000_000, 10, 0]) {
    const held = new PowerBeside()
    expect(held.read(powerW, three(15, 0.97), 0, 0)).toEqual({})
    expect(held.read(powerW, three(15, 0.97), 0, 5000)).toEqual({})
    const { fault, madeW, powerW: usedW } = held.read(powerW, three(15, 0.97), 0, 10_000)
    expect(usedW).toBeUndefined()
    expect(madeW).toBeCloseTo(3 * 230 * 15 * 0.97)
    expect(fault).toContain('is not used: 230 V x 15 A, 230 V x 15 A, 230 V x 15 A make 10350 VA')
    expect(held.read(10_000, three(15, 0.97), 0, 15_000)).toEqual({ powerW: 10_000 })
  }
})

test('a load that comes between two requests of one poll leaves a power in use that has been right', () => {
  const held = new PowerBeside()
  held.read(100, three(0.15, 0.97), 0, 0)
  expect(held.read(100, three(15, 0.97), 0, 60_000)).toEqual({ powerW: 100 })
  expect(held.read(10_000, three(15, 0.97), 0, 65_000)).toEqual({ powerW: 10_000 })
})

test('capacitors alone, a filter behind an outlet, and phases without a voltage say nothing', () => {
  for (const [powerW, beside, stepW] of [
    [6, three(20, 0.0005), 0],
    [6, three(20), 0],
    [0, { phases: [{ volts: 230, amps: 0.4, powerFactor: 1 }] }, 1],
    [0, three(2), 10],
    [
      8000,
      {
        phases: [
          { volts: 0, amps: 20 },
          { volts: 400, amps: 20 },
        ],
      },
      0,
    ],
  ] as const)
    expect(new PowerBeside().read(powerW, beside, stepW, 0)).toEqual({ powerW })
})

test('what is beside a calm power is asked for once a minute, and at once where the power changes much', () => {
  const held = new PowerBeside()
  expect(held.isDue(undefined, 0)).toBe(false)
  expect(held.isDue(10_000, 0)).toBe(true)
  held.read(10_000, three(15, 0.97), 0, 0)
  expect(held.isDue(10_100, 5000)).toBe(false)
  expect(held.isDue(0, 5000)).toBe(true)
  expect(held.isDue(10_100, 60_000)).toBe(true)
})
