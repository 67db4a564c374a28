import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { sumOfSupplies } from '../../../agent/host-power/machine-power.ts'
import { heldSupplies } from '../../../agent/host-power/supplies.ts'

const supply = (inW: number, outW?: number) => ({
  input: { powerW: inW },
  output: outW === undefined ? {} : { powerW: outW },
})
const summed = (...supplies: ReturnType<typeof supply>[]) => {
  const held = heldSupplies(supplies)
  return { ...sumOfSupplies(held.supplies), wrong: held.wrong }
}

describe('a supply whose input and output contradict each other', () => {
  test.each([
    ['a thousandth', 0.3315],
    ['four times', 1326],
  ])('has its output used where its input is %s of itself', (_what, inW) => {
    const { powerW, basis, wrong } = summed(supply(inW, 302), supply(318.25, 290))
    expect(powerW).toBe(302 + 318.25)
    expect(basis).toBe('estimated')
    expect(wrong).toContain(
      `a supply of ${inW} W at its input and 302 W at its output: its input is not used`,
    )
  })

  test('has its input used where its output is the one far from its neighbour’s', () => {
    const { powerW, basis, wrong } = summed(supply(331.5, 1208), supply(318.25, 290))
    expect(powerW).toBe(331.5 + 318.25)
    expect(basis).toBe('reported')
    expect(wrong).toContain('its output is not used')
  })
})

test('a spare supply draws a little and puts out next to nothing', () => {
  expect(summed(supply(331.5, 302), supply(22, 4)).wrong).toBeUndefined()
})

test('the same figure for both sides is used (DMTF mockup public-rackmount1: 937.4 W twice)', () => {
  expect(summed(supply(937.4, 937.4))).toMatchObject({ powerW: 937.4, wrong: undefined })
})

test('supplies with an efficiency of 70 to 98 % are used as they are (property)', () =>
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.integer({ min: 0, max: 3000 }), fc.double({ min: 0.7, max: 0.98, noNaN: true })), {
        minLength: 1,
        maxLength: 6,
      }),
      (each) => {
        const supplies = each.map(([outW, ratio]) => supply(outW / ratio, outW))
        expect(heldSupplies(supplies)).toEqual({ supplies })
      },
    ),
  ))
