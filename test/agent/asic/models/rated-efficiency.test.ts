import { expect, test } from 'vitest'
import { ANTMINERS } from '../../../../agent/asic/models/antminers.ts'
import { RATINGS, ratedJPerTh } from '../../../../agent/asic/models/rated-efficiency.ts'
import { efficiencyOf, type Rating, SOURCES } from '../../../../agent/asic/models/rating.ts'

test.each([
  ['Whatsminer M30S++_VH70', 31],
  ['Whatsminer M30S+_VE40', 34],
  ['Whatsminer M60S_VK40', 18.5],
  ['Whatsminer M50_VH30', 29],
  ['Whatsminer M66S++_VL40', 15.5],
  ['AvalonMiner 1246-83', 38],
  ['AvalonMiner 1166Pro-S-81', 42],
  ['Whatsminer M63S_VK10', 18.5],
  ['Whatsminer M56S++_VK30', 22],
  ['Whatsminer M70S_VM10', 13.5],
  ['AvalonMiner 1566', 18.5],
  ['SealMiner A2', 16.5],
  ['SealMiner A2 Pro', 14.9],
  ['Auradine AT2880', 16],
])('%s is rated at %s J/TH', (model, rated) => expect(ratedJPerTh(model)).toBe(rated))

test.each([
  undefined,
  'Whatsminer',
  'Whatsminer M99S_VX10',
  'Whatsminer M30S+++_VX10',
  'Whatsminer constructor',
  'AvalonMiner 15-194',
  'AvalonMiner 1126Pro-S-64',
  'SealMiner A9',
  'SealMiner A2 Hyd',
  'Auradine AT1500',
  'Antminer S21',
])('of %s is unknown', (model) => expect(ratedJPerTh(model)).toBeUndefined())

test.each(Object.entries<Rating>({ ...ANTMINERS, ...RATINGS }))(
  'the rating of %s says where it stands, and is one that a machine can have',
  (_name, rating) => {
    expect(SOURCES[rating.source]).toBeTruthy()
    // from the S9 of 2016 to the best hydro machine of 2026
    expect(efficiencyOf(rating)).toBeGreaterThan(8)
    expect(efficiencyOf(rating)).toBeLessThan(110)
    // the most that one power supply, or the two of a hydro machine, can deliver
    expect(rating.powerW).toBeGreaterThan(1000)
    expect(rating.powerW).toBeLessThan(13_000)
  },
)
