import fc from 'fast-check'
import { expect, test } from 'vitest'
import { profileOf, wholeSlices } from '../../../agent/gpu/mig-slices.ts'

test.each([
  // profiles of NVIDIA's MIG User Guide, as if the model were new: A100-40GB, H100-80GB, RTX PRO 6000, RTX PRO 5000, A30
  [['1g.5gb'], 40, 7],
  [['3g.20gb'], 40, 7],
  [['4g.20gb'], 40, 7],
  [['7g.80gb'], 80, 7],
  [['1g.10gb', '1g.20gb'], 80, 7],
  [['1g.24gb'], 95.6, 4],
  [['2g.48gb+me'], 95.6, 4],
  [['4g.96gb'], 95.6, 4],
  [['1g.24gb-me'], 47.8, 2],
  [['2g.48gb+gfx'], 47.8, 2],
  [['1g.6gb'], 24, 4],
])('a new model with instances %j and %d GB has %i slices', (profiles, boardGb, slices) => {
  expect(wholeSlices('NVIDIA X1', profiles, boardGb)).toBe(slices)
})

test('a new model that tells no memory has seven slices, as most have', () => {
  expect(wholeSlices('NVIDIA X1', ['1g.24gb'], undefined)).toBe(7)
})

test('a compute instance has the slices of its GPU instance, and other texts none', () => {
  expect(profileOf('1c.3g.71gb')).toEqual({ slices: 3, memoryGb: 71 })
  expect(profileOf('2g')).toEqual({ slices: 2, memoryGb: undefined })
  expect([undefined, '', 'whole', '0g.0gb'].map(profileOf)).toEqual(Array(4).fill(undefined))
})

test('no board has fewer slices than its instances together', () => {
  const profile = fc.tuple(fc.nat(9), fc.nat(300)).map(([slices, gb]) => `${slices}g.${gb}gb`)
  fc.assert(
    fc.property(
      fc.constantFrom('NVIDIA A30', 'NVIDIA H200', 'NVIDIA X1', undefined),
      fc.array(profile, { maxLength: 9 }),
      fc.option(fc.double({ min: 0, max: 300, noNaN: true }), { nil: undefined }),
      (model, profiles, boardGb) => {
        const used = profiles.reduce((sum, name) => sum + (profileOf(name)?.slices ?? 0), 0)
        expect(wholeSlices(model, profiles, boardGb)).toBeGreaterThanOrEqual(Math.max(2, used))
      },
    ),
  )
})
