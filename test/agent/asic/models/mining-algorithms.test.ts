import { expect, test } from 'vitest'
import { otherAlgorithm, otherAlgorithmOf } from '../../../../agent/asic/models/mining-algorithms.ts'

test.each([
  ['Antminer L9', 'scrypt'],
  ['Antminer L7 (9500M)', 'scrypt'],
  ['Antminer Z15 Pro', 'equihash'],
  ['Antminer KS5', 'kheavyhash'],
  ['Antminer K7', 'eaglesong'],
  ['Antminer D9', 'x11'],
  ['Antminer E9 Pro', 'ethash'],
  ['Antminer X5', 'randomx'],
])('%s hashes %s', (model, algorithm) => expect(otherAlgorithmOf(model)).toBe(algorithm))

test.each([
  'Antminer S19 XP',
  'Antminer S21+ Hyd.',
  'Antminer T21',
  'Antminer S9',
  'Whatsminer M30S++_VH70',
  'AvalonMiner 1566',
  'Bitaxe Hex 302',
  undefined,
])('%s is taken for a SHA-256 miner', (model) => expect(otherAlgorithmOf(model)).toBeUndefined())

test('an algorithm that a machine names has one form, and SHA-256 in any spelling is no other one', () => {
  expect(['Scrypt', ' X11 '].map(otherAlgorithm)).toEqual(['scrypt', 'x11'])
  for (const name of ['sha256', 'SHA-256', 'sha256d', 'SHA256D', '', undefined])
    expect(otherAlgorithm(name)).toBeUndefined()
})
