import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { areTwo } from '../../../collector/ownership/two-machines.ts'
import { MINUTE_MS } from '../../../protocol/units.ts'
import { batch, POOL, record } from '../ledger-rig.ts'
import { MemoryStore } from '../memory-store.ts'
import { OwnersRig } from './owners-rig.ts'

/** Chance from a seed (mulberry32, public domain by its author). */
const chance = (seed: number) => () => {
  seed = (seed + 0x6d2b79f5) | 0
  let t = Math.imul(seed ^ (seed >>> 15), 1 | seed)
  t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
  return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32
}
/** The moments of a machine's accepted shares, in minutes: a Poisson process. */
function sharesOf(seed: number, perMinute: number, minutes: number): number[] {
  const random = chance(seed)
  const at: number[] = []
  for (let t = 0; t < minutes; ) {
    t -= Math.log(1 - random()) / perMinute
    at.push(t)
  }
  return at
}
/** What an agent makes of them that polls so often: shares between two polls are spread over the time between. */
function readBy(shares: readonly number[], minutes: number, pollS: number, offset: number): number[] {
  const poll = pollS / 60
  const work = new Array<number>(minutes).fill(0)
  for (const at of shares) {
    const begin = (Math.floor(at / poll - offset) + offset) * poll
    const minute = Math.floor(begin)
    const later = Math.max(0, Math.min(1, (begin + poll - minute - 1) / poll))
    if (minute >= 0 && minute < minutes) work[minute] = (work[minute] ?? 0) + 1 - later
    if (minute + 1 < minutes) work[minute + 1] = (work[minute + 1] ?? 0) + later
  }
  return work
}
const beside = (own: readonly number[], other: readonly number[]) =>
  own.map((work, i) => ({ own: work, other: other[i] ?? 0 }))
const MINUTES = 240
const seed = fc.integer()
const perMinute = fc.constantFrom(2, 8, 43, 170, 1000)

describe('the work of two readings at one address', () => {
  it('is never taken for that of two machines where both read one, whatever its shares and however they poll', () => {
    fc.assert(
      fc.property(
        seed,
        perMinute,
        fc.constantFrom(5, 10, 30, 60),
        fc.constantFrom(5, 10, 30, 60),
        fc.double({ min: 0, max: 0.99, noNaN: true }),
        fc.double({ min: 0, max: 0.99, noNaN: true }),
        (n, rate, pollA, pollB, offsetA, offsetB) => {
          const shares = sharesOf(n, rate, MINUTES)
          const readings = beside(
            readBy(shares, MINUTES, pollA, offsetA),
            readBy(shares, MINUTES, pollB, offsetB),
          )
          for (let end = 60; end <= MINUTES; end += 20) expect(areTwo(readings.slice(0, end))).toBe(false)
        },
      ),
      { numRuns: 150 },
    )
  })

  it('tells two machines of one model within four hours', () => {
    fc.assert(
      fc.property(seed, perMinute, (n, rate) => {
        const [own, other] = [n, n + 1].map((s) => readBy(sharesOf(s, rate, MINUTES), MINUTES, 10, 0.3))
        const readings = beside(own ?? [], other ?? [])
        const ends = Array.from({ length: 7 }, (_, i) => 120 + i * 20)
        expect(ends.some((end) => areTwo(readings.slice(0, end)))).toBe(true)
      }),
      { numRuns: 150 },
    )
  })

  it('tells a claim without work from a machine', () => {
    expect(areTwo(Array.from({ length: 60 }, () => ({ own: 1_000_000, other: 0 })))).toBe(true)
    expect(areTwo(Array.from({ length: 59 }, () => ({ own: 1_000_000, other: 0 })))).toBe(false)
    expect(areTwo(Array.from({ length: 200 }, () => ({ own: 1_000_000 })))).toBe(false)
  })
})

it('tells work that is invented, the same each minute, from that of a machine within the first hour or two', () => {
  fc.assert(
    fc.property(seed, perMinute, fc.integer({ min: 1, max: 1e9 }), (n, rate, same) => {
      const own = readBy(sharesOf(n, rate, MINUTES), MINUTES, 10, 0.3)
      const readings = own.map((work) => ({ own: work, other: same }))
      expect([60, 80, 100, 120].some((end) => areTwo(readings.slice(0, end)))).toBe(true)
    }),
    { numRuns: 100 },
  )
})

describe('a device that waits for its address alone', () => {
  const site = async (workOfNewer: readonly number[], workOfOlder: readonly number[]) => {
    const store = new MemoryStore()
    const rig = await new OwnersRig(store).start()
    const device = (deviceId: string) => ({
      deviceId,
      kind: 'asic' as const,
      driver: 'cgminer',
      address: '10.0.0.7',
    })
    const minutes = workOfNewer.length
    const take = (
      agentId: string,
      firstSeq: number,
      deviceId: string,
      work: readonly number[],
      from: number,
    ) =>
      rig.ledger.take(
        batch(
          firstSeq,
          work.map((shares, i) =>
            record(from + i, deviceId, { owner: POOL, workDiff1: Math.round(shares * 65_536) }),
          ),
        ),
        agentId,
      )
    rig.hear('old', [device('range7')])
    await take('old', 1, 'range7', [1], -minutes - 1)
    await rig.ledger.settleAll()
    rig.ledger.nowMs += MINUTE_MS
    rig.hear('new', [device('m7')])
    await take('new', 1, 'm7', workOfNewer, -minutes)
    await take('old', 2, 'range7', workOfOlder, -minutes)
    await rig.apart
    await rig.ledger.settleAll()
    const paid = store.rows.filter((row) => row.agentId === 'new' && row.revenueNanoUsd > 0).length
    return { rig, paid, stop: () => rig.stop() }
  }
  const machine = (n: number) => readBy(sharesOf(n, 40, 240), 240, 10, 0.5)

  it('waits no longer, and has lost nothing, once its work shows that it is another machine', async () => {
    const { rig, paid, stop } = await site(machine(1), machine(2))
    expect(rig.register.claim('new', 'm7')).toMatchObject({ apart: true })
    expect(paid).toBe(240)
    expect(await rig.store.adoptions(1)).toMatchObject([{ kind: 'apart', by: 'perwatt', done: true }])
    await stop()
  })

  it('waits on where it is the same machine', async () => {
    const { rig, paid, stop } = await site(machine(1), machine(1))
    expect(rig.register.claim('new', 'm7')?.rival).toBeDefined()
    expect(paid).toBe(0)
    await stop()
  })
})
