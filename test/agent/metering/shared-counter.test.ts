import fc from 'fast-check'
import { expect, test } from 'vitest'
import { DeviceAccumulator } from '../../../agent/metering/accumulator.ts'
import { reading, sum, T0 } from './accumulator-rig.ts'

test('the parts of a package add up to its counter, whatever their parts are and across a restart (property)', () =>
  fc.assert(
    fc.property(
      fc.array(
        fc.record({
          grownMilliJ: fc.integer({ min: 1, max: 7_000_000 }),
          weights: fc.array(fc.integer({ min: 1, max: 100 }), { minLength: 4, maxLength: 4 }),
        }),
        { minLength: 1, maxLength: 20 },
      ),
      fc.nat({ max: 19 }),
      (steps, restartAt) => {
        let parts = [0, 1, 2, 3].map((i) => new DeviceAccumulator(`gpu${i}`, 15_000))
        let milliJ = 5_000_000
        const observe = (at: number, shares: number[]) => {
          for (const [i, part] of parts.entries())
            part.observe(
              reading(
                { powerW: 100, powerBasis: 'estimated' },
                { energyJ: milliJ / 1000, energyPart: shares[i] ?? 0 },
                'gpu',
              ),
              { wallMs: T0 + at * 10_000, steadyMs: at * 10_000 },
            )
        }
        observe(0, [0.25, 0.25, 0.25, 0.25])
        for (const [at, { grownMilliJ, weights }] of steps.entries()) {
          if (at === restartAt)
            parts = parts.map(
              (part, i) => new DeviceAccumulator(`gpu${i}`, 15_000, JSON.parse(JSON.stringify(part.state))),
            )
          milliJ += grownMilliJ
          const total = weights.reduce((a, b) => a + b, 0)
          observe(
            at + 1,
            weights.map((weight) => weight / total),
          )
        }
        const booked = sum(
          parts.flatMap((part) => part.closeAll()),
          'energyMilliJ',
        )
        // each part may still hold a fraction of a mJ
        expect(milliJ - 5_000_000 - booked).toBeGreaterThanOrEqual(-1e-6)
        expect(milliJ - 5_000_000 - booked).toBeLessThanOrEqual(4)
      },
    ),
  ))
