import { describe, expect, it } from 'vitest'
import { nextHalving, retargets } from '../../../../collector/economics/choices/network.ts'

const AT = Date.UTC(2026, 0, 1)
const MINUTES_10 = 600_000

describe('the next halving', () => {
  it('is at the next multiple of 210,000 blocks, about ten minutes for each', () => {
    expect(nextHalving(925_000, AT)).toEqual({
      height: 1_050_000,
      blocksLeft: 125_000,
      atMs: AT + 125_000 * MINUTES_10,
      subsidyBtc: 1.5625,
    })
  })

  it('is a whole epoch away at the block of a halving, and one block away before it', () => {
    expect(nextHalving(840_000, AT)).toMatchObject({ height: 1_050_000, blocksLeft: 210_000 })
    expect(nextHalving(839_999, AT)).toMatchObject({ height: 840_000, blocksLeft: 1, subsidyBtc: 3.125 })
  })

  it('ends with the subsidy', () => {
    expect(nextHalving(6_929_999, AT).subsidyBtc).toBe(0)
  })
})

describe('retargets', () => {
  it('come every 2,016 blocks, and change nothing where nobody leaves', () => {
    expect(retargets({ atMs: AT, blockHeight: 2_016 * 450 + 16, difficulty: 1e14 }, 0)).toEqual([
      { height: 2_016 * 451, blocksLeft: 2_000, atMs: AT + 2_000 * MINUTES_10, difficulty: 1e14 },
    ])
  })

  it('take up the whole share at once where it leaves at the begin of a period, whose blocks come slower', () => {
    const list = retargets({ atMs: AT, blockHeight: 2_016 * 450, difficulty: 1e14 }, 0.2)
    expect(list).toHaveLength(1)
    expect(list[0]?.difficulty).toBeCloseTo(0.8e14, -3)
    expect(list[0]?.atMs).toBeCloseTo(AT + (2_016 * MINUTES_10) / 0.8, -2)
  })

  it('take it up in two where it leaves in the middle of a period', () => {
    const list = retargets({ atMs: AT, blockHeight: 2_016 * 450 + 1_008, difficulty: 1e14 }, 0.2)
    // half of the period at the old pace, half at 0.8 of it
    expect(list.map((r) => (r.difficulty / 1e14).toFixed(6))).toEqual([
      (2 / (1 + 1 / 0.8)).toFixed(6),
      '0.800000',
    ])
    expect(list.map((r) => r.blocksLeft)).toEqual([1_008, 1_008 + 2_016])
  })

  it('go by a factor of 4 at most, either way', () => {
    const from = { atMs: AT, blockHeight: 2_016 * 450, difficulty: 1e14 }
    expect(retargets(from, 0.9).map((r) => r.difficulty / 1e14)).toEqual([0.25, expect.closeTo(0.1, 9)])
    expect(retargets(from, -15).map((r) => r.difficulty / 1e14)).toEqual([4, 16])
  })
})
