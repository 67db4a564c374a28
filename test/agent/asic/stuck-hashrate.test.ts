import { describe, expect, test } from 'vitest'
import type { AsicFacts } from '../../../agent/asic/facts.ts'
import { StuckHashrate } from '../../../agent/asic/stuck-hashrate.ts'

const POLL_MS = 10_000

/** What is used after so many minutes of polls. @param read the facts at poll `i` */
function polled(minutes: number, read: (i: number) => AsicFacts): AsicFacts {
  let nowMs = 0
  const stuck = new StuckHashrate(() => nowMs)
  let last = stuck.of(read(0))
  for (let i = 1; i <= (minutes * 60_000) / POLL_MS; i++) {
    nowMs = i * POLL_MS
    last = stuck.of(read(i))
  }
  return last
}

const noisy = (ths: number, i: number) => ths * 1e12 * (1 + 0.02 * Math.sin(i * 12.9898))
const boards = (ths: number, i: number): Partial<AsicFacts> => ({
  boards: [0, 1, 2].map((n) => ({ name: `hashboard ${n}`, hashrateHs: noisy(ths / 3, i + n) })),
  boardsAreNow: true,
})
const average = (ths: number, i: number, windowS: number) => ({
  name: 'its average',
  hashrateHs: noisy(ths, i),
  windowS,
})

describe('a present hashrate that never moves', () => {
  test.each([1.3, 5.3, 12, 0.5])('gives way to its boards, which do: %d times theirs', (times) => {
    const read = (i: number): AsicFacts => ({ hashrateHs: times * 100e12, ...boards(100, i) })
    expect(polled(14, read).hashrateHs).toBe(times * 100e12)
    const { hashrateHs = 0, notes } = polled(16, read)
    expect(hashrateHs / 100e12).toBeCloseTo(1, 1)
    expect(notes).toEqual([
      expect.stringMatching(/has not moved for 16 min and is ignored: the sum of its boards moves and says/),
    ])
  })

  test('gives way to an average once that has followed whatever happened before', () => {
    const read = (i: number): AsicFacts => ({ hashrateHs: 130e12, hashratesBeside: [average(100, i, 900)] })
    expect(polled(29, read).hashrateHs).toBe(130e12)
    expect((polled(31, read).hashrateHs ?? 0) / 100e12).toBeCloseTo(1, 1)
  })

  test('gives way to boards that do not say when they are measured, as to an average', () => {
    const read = (i: number): AsicFacts => ({ hashrateHs: 530e12, ...boards(100, i), boardsAreNow: false })
    expect(polled(29, read).hashrateHs).toBe(530e12)
    expect((polled(31, read).hashrateHs ?? 0) / 100e12).toBeCloseTo(1, 1)
  })

  test('is used where nothing beside it moves, or what moves says the same', () => {
    const still = { hashratesBeside: [{ name: 'its average', hashrateHs: 100e12, windowS: 60 }] }
    expect(polled(60, () => ({ hashrateHs: 130e12, ...still })).hashrateHs).toBe(130e12)
    expect(polled(60, (i) => ({ hashrateHs: 100e12, ...boards(100, i) })).notes).toBeUndefined()
  })

  test('is none where it is refreshed each minute, or rests', () => {
    const refreshed = (i: number) => ({ hashrateHs: noisy(130, Math.floor(i / 6)), ...boards(100, i) })
    expect(polled(60, refreshed).hashrateHs).toBe(refreshed(360).hashrateHs)
    const starting = (i: number): AsicFacts => ({ hashrateHs: 130e12, starting: true, ...boards(100, i) })
    expect(polled(60, starting).hashrateHs).toBe(130e12)
  })
})
