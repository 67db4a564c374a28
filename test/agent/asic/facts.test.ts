import { expect, test } from 'vitest'
import { coldest, coolingFans, fansWithSpeed, mergedFacts, sumOfAll } from '../../../agent/asic/facts.ts'

test('a sum is known where every part is, and there is one', () => {
  expect(sumOfAll([1, 2, 0])).toBe(3)
  expect(sumOfAll([1, undefined])).toBeUndefined()
  expect(sumOfAll([])).toBeUndefined()
})

test('a fan of unknown speed is left out, one at 0 rpm is not', () => {
  const fans = [
    { name: 'fan 1', rpm: 0 },
    { name: 'fan 2', rpm: undefined },
  ]
  expect(fansWithSpeed(fans)).toEqual([{ name: 'fan 1', rpm: 0 }])
})

test('the coldest of no sensors is unknown', () => {
  expect(coldest([25.5, -3])).toBe(-3)
  expect(coldest([])).toBeUndefined()
})

test.each([
  'Whatsminer M63S++_VL20',
  'Antminer S19 Pro+ Hyd.',
  'Antminer S21e XP Hyd',
  'Avalon A1566I',
  'AvalonMiner 1346I',
  'SealMiner A2 Pro Hyd',
  'Auradine AH3880',
  'Whatsminer M79S_VM20',
  'Whatsminer M65S_VK20',
  'Whatsminer M6DS+_VL10',
  'Whatsminer M7DS_VM10',
  'Whatsminer M78S_VM10',
])('a %s has no fans, though its firmware lists them at 0 rpm', (model) => {
  const fan = { name: 'fan 1', rpm: 0 }
  expect(coolingFans({ model, fans: [fan] })).toEqual([])
  expect(coolingFans({ model, fans: [fan, { name: 'fan 2', rpm: 900 }] })).toEqual([
    { name: 'fan 2', rpm: 900 },
  ])
})

test.each([
  'Whatsminer M30S++_VH60',
  'Whatsminer M3_V1',
  'Antminer S19 XP',
  'Avalon 1566',
  'AvalonMiner 1246',
  'Auradine AT2880',
])('a %s needs its fans', (model) => {
  const fan = { name: 'fan 1', rpm: 0 }
  expect(coolingFans({ model, fans: [fan] })).toEqual([fan])
})

test('of two sources the later one wins where it knows something', () => {
  const pools = { configured: 1, alive: 1 }
  expect(
    mergedFacts(
      { model: 'A', hashrateHs: 1, fans: [{ name: 'fan', rpm: 1 }], asleep: true, pools },
      { model: '', hashrateHs: 2, fans: [], asleep: false, pools: { configured: 0, alive: 0 } },
    ),
  ).toEqual({ model: 'A', hashrateHs: 2, fans: [{ name: 'fan', rpm: 1 }], asleep: true, pools })
})

test('fans that all stand still are no fault while the model is unknown: water may cool the machine', () => {
  const still = { name: 'intake fan', rpm: 0 }
  expect(coolingFans({ hashrateHs: 400e12, fans: [still, still] })).toEqual([])
  expect(coolingFans({ hashrateHs: 400e12, fans: [still, { name: 'exhaust fan', rpm: 4000 }] })).toHaveLength(
    2,
  )
  expect(coolingFans({ hashrateHs: 400e12, model: 'Whatsminer M60S', fans: [still, still] })).toHaveLength(2)
})
