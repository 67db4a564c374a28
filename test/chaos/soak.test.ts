import { describe, expect, test } from 'vitest'
import { descriptorsGrow, type Look, slopeMbPerHour, soakProblems, soakTable } from './soak.ts'

const MB = 2 ** 20
const HOUR_MS = 3_600_000

/** Looks each minute for two hours. */
const looks = (rssMb: (hours: number) => number, descriptors: (hours: number) => number = () => 20): Look[] =>
  Array.from({ length: 120 }, (_, i) => {
    const hours = i / 60
    return {
      atMs: hours * HOUR_MS,
      rssBytes: rssMb(hours) * MB,
      heapBytes: 30 * MB,
      descriptors: Math.round(descriptors(hours)),
    }
  })

describe('the verdict of a soak', () => {
  test('memory that grows in the first half and is flat then is well', () => {
    const grown = looks((hours) => 100 + 20 * Math.min(hours, 0.9))
    expect(slopeMbPerHour(grown)).toBeGreaterThan(5)
    expect(soakProblems([{ program: 'agent', looks: grown, ends: 0 }], 120)).toEqual([])
  })

  test('memory that grows by more than 1 MB an hour in the last half is named with its slope', () => {
    const grows = looks((hours) => 100 + 1.5 * hours)
    expect(soakProblems([{ program: 'agent', looks: grows, ends: 0 }], 120)).toEqual([
      'agent: its memory grows by 1.50 MB an hour in the last half',
    ])
  })

  test('a short run gives no verdict on memory', () => {
    const grows = looks((hours) => 100 + 50 * hours).slice(0, 20)
    expect(soakProblems([{ program: 'agent', looks: grows, ends: 0 }], 20)).toEqual([])
    expect(soakTable([{ program: 'agent', looks: grows, ends: 0 }], 20)).toMatch(/agent .* too short/)
  })

  test('descriptors that come and go are flat, and a slow leak of them grows', () => {
    expect(
      descriptorsGrow(
        looks(
          () => 100,
          (hours) => 20 + ((hours * 60) % 3),
        ),
      ),
    ).toBe(false)
    expect(
      descriptorsGrow(
        looks(
          () => 100,
          (hours) => 20 + 2 * hours,
        ),
      ),
    ).toBe(true)
  })

  test('a program that ended by itself, or was never seen, is a problem however short the run', () => {
    expect(
      soakProblems(
        [
          { program: 'agent', looks: looks(() => 100), ends: 1 },
          { program: 'collector', looks: [], ends: 0 },
        ],
        2,
      ),
    ).toEqual(['agent ended by itself 1 times', 'collector: its memory was never seen'])
  })
})
