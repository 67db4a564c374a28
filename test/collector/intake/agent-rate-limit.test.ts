import { describe, expect, it } from 'vitest'
import { AgentRateLimit } from '../../../collector/intake/agent-rate-limit.ts'

const MB = 1e6

describe('the rate limit of agents', () => {
  const make = (random = 0.5) =>
    new AgentRateLimit({ maxBytes: 8 * MB, nowMs: () => 0, random: () => random })

  it('lets an agent send all it may while there is room', () => {
    expect(make().allowance(2 * MB)).toEqual({ creditRecords: 5_000 })
  })

  it('gives less, and a pause as long as the queue, when there is little', () => {
    const rateLimit = make()
    const [some, more] = [rateLimit.allowance(4 * MB), rateLimit.allowance(8 * MB)]
    expect(some.creditRecords).toBeLessThan(5_000)
    expect(more.pauseMs).toBe(2 * (some.pauseMs ?? 0))
  })

  it('gives everybody who is turned away a later turn than the one before', () => {
    const rateLimit = make()
    const pauses = Array.from({ length: 100 }, () => rateLimit.afterDrop(60_000, 8 * MB).pauseMs ?? 0)
    for (const [i, pauseMs] of pauses.entries()) expect(pauseMs).toBeGreaterThan(pauses[i - 1] ?? 0)
  })

  it('sends nobody away for longer than five minutes', () => {
    const rateLimit = make()
    for (let i = 0; i < 10_000; i++) rateLimit.afterDrop(MB, 8 * MB)
    expect(rateLimit.afterDrop(MB, 8 * MB).pauseMs).toBe(300_000)
  })

  it('learns how fast the store is', () => {
    const [slow, fast] = [make(), make()]
    for (let i = 0; i < 50; i++) {
      slow.measured(MB, 1000)
      fast.measured(20 * MB, 1000)
    }
    const pause = (rateLimit: AgentRateLimit) => rateLimit.afterDrop(MB, 8 * MB).pauseMs ?? 0
    expect(Math.round(pause(slow) / pause(fast))).toBe(20)
  })

  it('spreads agents that ask at the same moment', () => {
    const [early, late] = [make(0), make(0.999)].map(
      (rateLimit) => rateLimit.afterDrop(MB, 8 * MB).pauseMs ?? 0,
    )
    expect(early).toBeLessThan(late ?? 0)
  })
})
