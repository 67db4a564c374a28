import { describe, expect, it } from 'vitest'
import { AwayWatch } from '../../../collector/ingest/away-watch.ts'
import { givesWay } from '../../../protocol/program.ts'

describe('a collector that was away from its broker', () => {
  const rig = () => {
    const at = { nowMs: 0, reached: true as boolean | undefined, away: 0 }
    const watch = new AwayWatch({
      steadyMs: () => at.nowMs,
      isReached: () => at.reached,
      onAway: () => at.away++,
    })
    const pass = (s: number) => {
      for (let i = 0; i < s; i += 5) {
        at.nowMs += 5_000
        watch.look()
      }
    }
    return { at, watch, pass }
  }

  it('looks for another one after four minutes without it, once', () => {
    const { at, pass } = rig()
    pass(600)
    at.reached = false
    pass(235)
    expect(at.away).toBe(0)
    pass(10)
    expect(at.away).toBe(1)
    pass(200)
    expect(at.away).toBe(1)
  })

  it('looks after it was halted as long, though its connection seems to be there', () => {
    const { at, watch, pass } = rig()
    pass(60)
    at.nowMs += 400_000
    watch.look()
    expect(at.away).toBe(1)
    pass(600)
    expect(at.away).toBe(1)
  })

  it('is not away while it stands by, and a short failure is none', () => {
    const { at, pass } = rig()
    at.reached = undefined
    pass(900)
    at.reached = false
    pass(120)
    at.reached = true
    pass(120)
    at.reached = false
    pass(200)
    expect(at.away).toBe(0)
  })
})

describe('which of two collectors gives way', () => {
  const program = (n: number) => ({ instance: `0000000${n}`, startedAtMs: n, host: 'h', addresses: [] })

  it('the one that does not serve, whichever came first; else the later; exactly one of the two', () => {
    for (const a of [true, false, undefined])
      for (const b of [true, false, undefined]) {
        const [first, second] = [
          { program: program(1), ...(a === undefined ? {} : { serves: a }) },
          { program: program(2), ...(b === undefined ? {} : { serves: b }) },
        ]
        expect(givesWay(first, second)).toBe(!givesWay(second, first))
        expect(givesWay(first, second)).toBe(a === false && b === true)
      }
  })
})
