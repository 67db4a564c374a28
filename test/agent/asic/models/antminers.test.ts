import { expect, test } from 'vitest'
import { antminerModel } from '../../../../agent/asic/models/antminers.ts'

test.each([
  ['Antminer S19 Pro', 29.5],
  ['Antminer S19J Pro', 29.5],
  ['Antminer S19j Pro (104T)', 29.5],
  ['Antminer S21', 17.5],
  ['Antminer S21+', 16.5],
  ['Antminer S21 XP', 13.5],
  ['Antminer S21 Hydro', 16],
  ['Antminer S21 Hyd.', 16],
])('%s uses %s J/TH at its rated mode', (type, efficiencyJPerTh) => {
  expect(antminerModel(type)?.efficiencyJPerTh).toBe(efficiencyJPerTh)
})

test.each(['Antminer S19 XP (Vnish 1.2.0-rc1)', 'Antminer S21 Immersion', 'constructor', '', undefined])(
  '%s has no model, and so no modelled power',
  (type) => {
    expect(antminerModel(type)).toBeUndefined()
  },
)

test('a hydro machine’s boards are not known: makes of one name differ', () => {
  expect(antminerModel('Antminer S21 XP Hyd.')).toEqual({ efficiencyJPerTh: 12 })
  expect(antminerModel('Antminer S9')?.boards).toBe(3)
})
