import { describe, expect, it } from 'vitest'
import { Pace } from '../../../collector/intake/pace.ts'

const MB = 1e6

describe('the pace', () => {
  const make = (random = 0.5) => new Pace({ maxBytes: 8 * MB, nowMs: () => 0, random: () => random })

  it('lets an agent send all it may while there is room', () => {
    expect(make().allowance(2 * MB)).toEqual({ creditRecords: 5_000 })
  })

  it('gives less, and a pause as long as the queue, when there is little', () => {
    const pace = make()
    const [some, more] = [pace.allowance(4 * MB), pace.allowance(8 * MB)]
    expect(some.creditRecords).toBeLessThan(5_000)
    expect(more.pauseMs).toBe(2 * (some.pauseMs ?? 0))
  })

  it('gives everybody who is turned away a later turn than the one before', () => {
    const pace = make()
    const pauses = Array.from({ length: 100 }, () => pace.turnedAway(60_000, 8 * MB).pauseMs ?? 0)
    for (const [i, pauseMs] of pauses.entries()) expect(pauseMs).toBeGreaterThan(pauses[i - 1] ?? 0)
  })

  it('sends nobody away for longer than five minutes', () => {
    const pace = make()
    for (let i = 0; i < 10_000; i++) pace.turnedAway(MB, 8 * MB)
    expect(pace.turnedAway(MB, 8 * MB).pauseMs).toBe(300_000)
  })

  it('learns how fast the store is', () => {
    const [slow, fast] = [make(), make()]
    for (let i = 0; i < 50; i++) {
      slow.worked(MB, 1000)
      fast.worked(20 * MB, 1000)
    }
    const pause = (pace: Pace) => pace.turnedAway(MB, 8 * MB).pauseMs ?? 0
    expect(Math.round(pause(slow) / pause(fast))).toBe(20)
  })

  it('spreads agents that ask at the same moment', () => {
    const [early, late] = [make(0), make(0.999)].map((pace) => pace.turnedAway(MB, 8 * MB).pauseMs ?? 0)
    expect(early).toBeLessThan(late ?? 0)
  })
})
