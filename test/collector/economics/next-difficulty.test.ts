import { expect, test } from 'vitest'
import {
  difficultyOf,
  nextBits,
  periodStart,
  retargetsAfter,
} from '../../../collector/economics/next-difficulty.ts'

/** Bitcoin Core, src/test/pow_tests.cpp: get_next_work and its limits. */
test.each([
  ['an ordinary adjustment', 1261130161, { height: 32255, timeS: 1262152739, bits: 0x1d00ffff }, 0x1d00d86a],
  ['the easiest target', 1231006505, { height: 2015, timeS: 1233061996, bits: 0x1d00ffff }, 0x1d00ffff],
  [
    'a period of less than a quarter',
    1279008237,
    { height: 68543, timeS: 1279297671, bits: 0x1c05a3f4 },
    0x1c0168fd,
  ],
  [
    'a period of more than four times',
    1263163443,
    { height: 46367, timeS: 1269211443, bits: 0x1c387f6f },
    0x1d00e1fd,
  ],
])('gives the next target as Bitcoin Core does: %s', (_, firstTimeS, last, expected) => {
  expect(nextBits(last, firstTimeS).toString(16)).toBe(expected.toString(16))
})

test('difficulty 1 is the easiest target, and a target as the main chain has it today has its difficulty', () => {
  expect(difficultyOf(0x1d00ffff)).toBe(1)
  // Bitcoin Core, src/test/blockchain_tests.cpp: get_difficulty_for_high_target and others
  expect(difficultyOf(0x1f111111)).toBeCloseTo(0.000001, 6)
  expect(difficultyOf(0x1ef88f6f)).toBeCloseTo(0.000016, 6)
  expect(difficultyOf(0x1df88f6f)).toBeCloseTo(0.004023, 6)
  expect(difficultyOf(0x1cf88f6f)).toBeCloseTo(1.029916, 6)
  expect(difficultyOf(0x12345678)).toBeCloseTo(5.913134931067755e24, -12)
})

test('only the last block of a period is followed by another difficulty', () => {
  expect([2014, 2015, 2016, 840_671].map(retargetsAfter)).toEqual([false, true, false, true])
  expect(periodStart(840_671)).toBe(838_656)
})
