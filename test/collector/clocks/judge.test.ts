import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { confirms, judgeClocks, type OtherClock } from '../../../collector/clocks/judge.ts'
import { CLOCK_TOLERANCE_MS } from '../../../protocol/clock-tolerance.ts'

const DAY_MS = 86_400_000
const agents = (...aheadMs: number[]): OtherClock[] =>
  aheadMs.map((ahead, i) => ({ agentId: `edge-${i + 1}`, aheadMs: ahead }))

describe('the clocks of a site', () => {
  it('agree within two minutes', () => {
    expect(judgeClocks(agents(90_000, -100_000))).toMatchObject({ collector: 'right', agents: [] })
  })

  it('say of one agent that differs that its clock is wrong', () => {
    expect(judgeClocks(agents(DAY_MS, 300))).toMatchObject({
      collector: 'right',
      agents: [{ agentId: 'edge-1', aheadMs: DAY_MS, verdict: 'wrong' }],
    })
  })

  it('say of an offset that all agents share that the collector’s own clock is wrong', () => {
    expect(judgeClocks(agents(DAY_MS, DAY_MS + 2_000, DAY_MS - 1_000))).toEqual({
      collector: 'wrong',
      collectorAheadMs: -DAY_MS,
      agents: [],
      thirds: [],
      agreeing: 3,
      clocks: 4,
    })
  })

  it('say both, where the collector and one agent are wrong, each in its own way', () => {
    expect(judgeClocks(agents(DAY_MS, DAY_MS, DAY_MS, -500 * DAY_MS))).toMatchObject({
      collector: 'wrong',
      collectorAheadMs: -DAY_MS,
      agents: [{ agentId: 'edge-4', aheadMs: -501 * DAY_MS, verdict: 'wrong' }],
    })
  })

  it('call no clock wrong where there are only two', () => {
    expect(judgeClocks(agents(-DAY_MS))).toMatchObject({
      collector: 'undecided',
      agents: [{ agentId: 'edge-1', aheadMs: -DAY_MS, verdict: 'undecided' }],
    })
  })

  it('call none wrong where they are divided evenly', () => {
    expect(judgeClocks(agents(0, DAY_MS, DAY_MS))).toMatchObject({ collector: 'undecided' })
  })

  it('take a third that was asked as one more', () => {
    expect(judgeClocks([...agents(DAY_MS), { third: 'prices.example', aheadMs: 400 }])).toMatchObject({
      collector: 'right',
      agents: [{ agentId: 'edge-1', verdict: 'wrong' }],
    })
    expect(judgeClocks([...agents(DAY_MS), { third: 'prices.example', aheadMs: DAY_MS }])).toMatchObject({
      collector: 'wrong',
    })
    expect(judgeClocks([{ third: 'prices.example', aheadMs: DAY_MS }])).toMatchObject({
      collector: 'undecided',
      thirds: [{ third: 'prices.example', aheadMs: DAY_MS }],
    })
  })

  it('count one vote for all programs of one computer, so that they never outvote the honest one (property)', () => {
    const own = (ms: number): OtherClock => ({ agentId: 'own', aheadMs: ms, isOwn: true })
    const honest: OtherClock = { agentId: 'edge', aheadMs: -31 * DAY_MS }
    // collector and its own agent are a month ahead
    expect(judgeClocks([own(0), honest])).toMatchObject({
      collector: 'undecided',
      agents: [{ agentId: 'edge', verdict: 'undecided' }],
      clocks: 2,
    })
    const noise = fc.integer({ min: -30_000, max: 30_000 })
    fc.assert(
      fc.property(
        fc.array(noise, { minLength: 1, maxLength: 6 }),
        fc.array(noise, { maxLength: 6 }),
        (mine, theirs) => {
          const two = [
            ...mine.map(own),
            ...theirs.map((ms, i) => ({ agentId: `e${i}`, aheadMs: DAY_MS + ms, clockOf: 'host b' })),
          ]
          // two computers never decide which of them is wrong
          expect(judgeClocks(two).collector).toBe(theirs.length > 0 ? 'undecided' : 'right')
          const third = judgeClocks([...two, { third: 'prices.example', aheadMs: 0 }])
          expect(third.collector).toBe('right')
          expect(third.clocks).toBe(theirs.length > 0 ? 3 : 2)
        },
      ),
    )
  })

  it('are confirmed by no clock that contradicts, nor by the own one', () => {
    expect(confirms({ third: 'prices.example', aheadMs: 0 })).toBe(true)
    expect(confirms({ third: 'prices.example', aheadMs: DAY_MS })).toBe(false)
    expect(confirms({ agentId: 'own', aheadMs: 0, isOwn: true })).toBe(false)
  })

  it('find whatever most of them say, wherever the wrong ones are (property)', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 2, max: 8 }),
        fc.array(fc.integer({ min: -1e11, max: 1e11 }), { maxLength: 8 }),
        fc.integer({ min: -4e10, max: 4e10 }),
        fc.func(fc.nat({ max: CLOCK_TOLERANCE_MS })),
        (right, wrong, rightMs, noise) => {
          fc.pre(right > wrong.length + 1)
          const others = agents(...Array.from({ length: right }, (_, i) => rightMs + noise(i)), ...wrong)
          const { collector, collectorAheadMs, agents: off } = judgeClocks(others)
          const far = (ms: number) =>
            ms < rightMs - CLOCK_TOLERANCE_MS || ms > rightMs + 2 * CLOCK_TOLERANCE_MS
          if (far(0)) {
            expect(collector).toBe('wrong')
            expect(Math.abs((collectorAheadMs ?? 0) + rightMs)).toBeLessThanOrEqual(2 * CLOCK_TOLERANCE_MS)
          }
          const called = new Set(off.map(({ agentId }) => agentId))
          for (const [i, ms] of wrong.entries())
            if (far(ms) && collector === 'wrong') expect(called).toContain(`edge-${right + i + 1}`)
          expect(
            off.every(({ verdict }) => verdict === (collector === 'undecided' ? 'undecided' : 'wrong')),
          ).toBe(true)
        },
      ),
    )
  })
})
