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
  // price lists of 2025 and 2026 (github) that name an algorithm beside each
  ['L7 9500', 'scrypt'],
  ['L9 17G', 'scrypt'],
  ['Bitmain E9', 'ethash'],
  ['Bitmain E9 Pro', 'ethash'],
  ['Bitmain KS5', 'kheavyhash'],
  ['Bitmain Antminer E11', 'ethash'],
  ['Fluminer L1', 'scrypt'],
  ['FluMiner L1 Pro', 'scrypt'],
  ['Fluminer L2', 'scrypt'],
  ['Goldshell E-AL1M', 'blake3'],
  ['Goldshell E-KA1M', 'kheavyhash'],
  ['IceRiver KAS KS7', 'kheavyhash'],
  ['IceRiver XP0', 'unknown'],
  ['Pinecone INIBOX', 'unknown'],
  ['Spondoolies SPx36', 'x11'],
  // of Halong's machines the T1 alone mines Bitcoin
  ['DragonMint B52', 'blake2b'],
  ['Halong Mining DragonMint B29', 'blake256r14'],
])('%s hashes %s', (model, algorithm) => expect(otherAlgorithmOf(model)).toBe(algorithm))

test.each([
  'Antminer S19 XP',
  'Antminer S21+ Hyd.',
  'Antminer T21',
  'Antminer S9',
  'S21 Pro',
  'T21',
  'Bitmain S19 XP',
  'Fluminer T3',
  'DragonMint T1',
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
