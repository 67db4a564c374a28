import { expect, test } from 'vitest'
import { ratedJPerTh } from '../../../agent/drivers-data/rated-efficiency.ts'

test.each([
  ['Whatsminer M30S++_VH70', 31],
  ['Whatsminer M30S+_VE40', 34],
  ['Whatsminer M60S_VK40', 18.5],
  ['Whatsminer M50_VH30', 29],
  ['Whatsminer M66S++_VL40', 15.5],
  ['AvalonMiner 1246-83', 38],
  ['AvalonMiner 1126Pro-S-64', 50.3],
  ['SealMiner A2', 16.5],
])('%s is rated at %s J/TH', (model, rated) => expect(ratedJPerTh(model)).toBe(rated))

test.each([
  undefined,
  'Whatsminer',
  'Whatsminer M99S_VX10',
  'Whatsminer M30S+++_VX10',
  'Whatsminer constructor',
  'AvalonMiner 15-194',
  'SealMiner A9',
  'Antminer S21',
])('of %s nobody knows it', (model) => expect(ratedJPerTh(model)).toBeUndefined())
