import { expect, test } from 'vitest'
import { antminerBoards, hasOtherFirmware } from '../../../../agent/asic/models/antminers.ts'

test.each([
  ['Antminer S9', 3],
  ['Antminer S19J Pro', 3],
  ['Antminer S19j Pro (104T)', 3],
  ['Antminer S15', 4],
  // makes of one name differ
  ['Antminer S21 XP Hyd.', undefined],
  ['Antminer S19 XP (Vnish 1.2.0-rc1)', undefined],
  ['Antminer S99', undefined],
  ['constructor', undefined],
  [undefined, undefined],
])('%s has %s hashboards', (type, boards) => expect(antminerBoards(type)).toBe(boards))

test.each([
  ['Antminer S19 XP (Vnish 1.2.0-rc1)', true],
  ['Antminer T21 (7Miners 1.2.6-rc1)', true],
  ['Antminer S19 Pro (Hiveon)', true],
  ['Antminer S19j Pro (104T)', false],
  ['Antminer S21', false],
  [undefined, false],
])('%s has another firmware than Bitmain’s: %s', (type, other) => expect(hasOtherFirmware(type)).toBe(other))
