import { describe, expect, it } from 'vitest'
import { AcceptedRatio } from '../../../agent/asic/accepted-ratio.ts'
import type { PoolFacts } from '../../../agent/asic/pools.ts'

const facts = (accepted: number, rejected?: number, uncounted: PoolFacts['uncounted'] = {}): PoolFacts => ({
  configured: 1,
  alive: 1,
  uncounted,
  shares: { accepted, ...(rejected === undefined ? {} : { rejected }) },
})
const ratio = (of: AcceptedRatio, ...args: Parameters<typeof facts>) =>
  of.fillIn(facts(...args)).uncounted?.acceptedRatio

describe('the accepted part of a machine’s shares', () => {
  it('is that of its shares since its start, at the first reading', () => {
    expect(ratio(new AcceptedRatio(), 980, 20)).toBe(0.98)
  })

  it('is unknown before the first share, and where rejected shares are not counted', () => {
    expect(ratio(new AcceptedRatio(), 0, 0)).toBeUndefined()
    expect(ratio(new AcceptedRatio(), 100)).toBeUndefined()
  })

  it('is what the machine says where it says it', () => {
    expect(ratio(new AcceptedRatio(), 100, 100, { acceptedRatio: 0.97 })).toBe(0.97)
  })

  it('follows the last 200 shares, however many there were before', () => {
    const of = new AcceptedRatio()
    ratio(of, 1_000_000, 0)
    for (let i = 1; i <= 30; i++) ratio(of, 1_000_000, 10 * i)
    expect(ratio(of, 1_000_000, 300)).toBe(0)
    expect(ratio(of, 1_000_100, 300)).toBeCloseTo(0.5, 1)
  })

  it('begins again with the machine’s counters', () => {
    const of = new AcceptedRatio()
    ratio(of, 500, 500)
    expect(ratio(of, 10, 0)).toBe(1)
  })

  it('is left out of the facts of a machine that counts its work', () => {
    const { uncounted: _, ...counts } = facts(1, 1)
    expect(new AcceptedRatio().fillIn(counts)).toEqual(counts)
  })
})
