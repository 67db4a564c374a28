import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Life, type LifeState } from '../../../../agent/uplink/spool/life.ts'
import {
  ANCESTORS_KEPT,
  AncestorSchema,
  LATEST_EPOCH,
  LifeIdSchema,
} from '../../../../protocol/spool-life.ts'

const anyTime = fc.oneof(
  fc.constantFrom(0, 1, LATEST_EPOCH - 1, LATEST_EPOCH, Number.MAX_SAFE_INTEGER, -5),
  fc.integer({ min: 0, max: 4e12 }),
)
const anyStep = fc.record({
  how: fc.constantFrom('restart', 'renew', 'confirm'),
  seq: fc.nat({ max: 1e6 }),
  nowMs: anyTime,
  above: anyTime,
  latest: fc.option(fc.integer({ min: 1, max: LATEST_EPOCH }), { nil: undefined }),
})

describe('the life of a spool', () => {
  it('has a legal epoch, an id of its own and legal ancestors, whatever the clock and the collector say', () => {
    fc.assert(
      fc.property(anyTime, fc.array(anyStep, { maxLength: 120 }), (bornMs, steps) => {
        let life = new Life(bornMs)
        const ids = new Set([life.state.life])
        for (const { how, seq, nowMs, above, latest } of steps) {
          const before: LifeState = structuredClone(life.state)
          if (how === 'confirm') life.confirm()
          else if (how === 'renew')
            life.renew(seq, nowMs, { above, ...(latest === undefined ? {} : { latest }) })
          else {
            life = new Life(nowMs)
            life.resume(before, seq, nowMs)
          }
          const { epoch, life: id, after } = life.state
          expect(epoch).toBeGreaterThan(0)
          expect(epoch).toBeLessThanOrEqual(LATEST_EPOCH)
          expect(Number.isInteger(epoch)).toBe(true)
          expect(after.length).toBeLessThanOrEqual(ANCESTORS_KEPT)
          for (const a of after) AncestorSchema.parse(a)
          LifeIdSchema.parse(id)
          if (how === 'confirm') continue
          expect(ids.has(id)).toBe(false)
          ids.add(id)
          // what it shares with its ancestors ends where the doubt begins
          expect(after.at(-1)).toMatchObject({ epoch: before.epoch, life: before.life, seq })
          for (const a of after) expect(a.seq).toBeLessThanOrEqual(seq)
        }
      }),
      { numRuns: 300 },
    )
  })

  it('has a higher epoch than the one before, though the clock was set back', () => {
    const life = new Life(5_000)
    life.resume({ epoch: 9_000, life: '00112233' }, 7, 100)
    expect(life.state).toMatchObject({ epoch: 9_001, after: [{ epoch: 9_000, life: '00112233', seq: 7 }] })
    life.renew(9, 100, { above: 12_000 })
    expect(life.state.epoch).toBe(12_001)
  })

  it('goes on legally from a spool that an older version numbered beyond what can be', () => {
    const life = new Life(5_000)
    life.resume({ epoch: 2 ** 53 }, 7, 6_000)
    expect(life.state).toMatchObject({ epoch: 6_000, after: [] })
  })

  it('comes down to an epoch that the collector takes, above the one that is stored', () => {
    const life = new Life(LATEST_EPOCH)
    life.renew(4, LATEST_EPOCH, { above: 700, latest: 1_000 })
    expect(life.state.epoch).toBe(1_000)
    const low = new Life(2_000)
    low.renew(4, 300, { above: 700, latest: 1_000 })
    expect(low.state.epoch).toBe(701)
  })
})
