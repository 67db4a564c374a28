import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type Claim, sharesOf as holdersOf, type Reservation } from '../../../agent/tenancy/gpu-shares.ts'
import { ownerKey } from '../../../protocol/owner.ts'

const sharesOf = (...question: Parameters<typeof holdersOf>) => {
  const holders = holdersOf(...question)
  return { holders, estimated: holders.some((h) => h.estimated) }
}
const a = { slurmJob: '1' }
const b = { slurmJob: '2' }
const whole = {}
const held = (
  claims: Claim[],
  reservations: Reservation[] = [],
  gpu: Parameters<typeof sharesOf>[0] = whole,
) => {
  const { holders, estimated } = sharesOf(gpu, claims, reservations)
  return { ...Object.fromEntries(holders.map((h) => [ownerKey(h.owner), h.share])), estimated }
}

describe('one GPU', () => {
  test('without processes is nobody’s', () => expect(held([])).toEqual({ estimated: false }))

  test('with one owner is all his, however many processes he has and whatever they do', () => {
    expect(held([{ owner: a }])).toEqual({ 'slurmJob=1': 1, estimated: false })
    expect(
      held([
        { owner: a, smRatio: 0 },
        { owner: a, smRatio: 0.2 },
      ]),
    ).toEqual({ 'slurmJob=1': 1, estimated: false })
  })

  test('of several is divided by the SMs that they kept busy, an estimate; who kept none has none', () => {
    const c = { user: 'c' }
    expect(
      held([
        { owner: a, smRatio: 0.5 },
        { owner: b, smRatio: 0.125 },
        { owner: b, smRatio: 0.125 },
        { owner: c },
      ]),
    ).toEqual({
      'slurmJob=1': 2 / 3,
      'slurmJob=2': 1 / 3,
      estimated: true,
    })
  })

  test('of several who all idle is divided by memory, which is an estimate', () => {
    expect(
      held([
        { owner: a, smRatio: 0, memoryUsedBytes: 3e9 },
        { owner: b, memoryUsedBytes: 1e9 },
      ]),
    ).toEqual({ 'slurmJob=1': 0.75, 'slurmJob=2': 0.25, estimated: true })
  })

  test('is divided evenly among processes of unknown use, which is an estimate', () =>
    expect(held([{ owner: a }, { owner: b }])).toEqual({
      'slurmJob=1': 0.5,
      'slurmJob=2': 0.5,
      estimated: true,
    }))

  test('leaves to nobody what a process uses whose owner is not known', () =>
    expect(held([{ owner: a, smRatio: 0.3 }, { smRatio: 0.1 }])).toEqual({
      'slurmJob=1': expect.closeTo(0.75),
      estimated: true,
    }))

  test('that is reserved and idle is its holder’s', () =>
    expect(held([], [{ owner: a }])).toEqual({ 'slurmJob=1': 1, estimated: false }))

  test('that is reserved is its holder’s whoever else runs there', () =>
    expect(held([{ owner: b, smRatio: 1 }, { smRatio: 1 }], [{ owner: a }])).toEqual({
      'slurmJob=1': 1,
      estimated: false,
    }))

  test('that several reserved is divided by what they do, and evenly while they idle', () => {
    const both = [{ owner: a }, { owner: b }]
    expect(held([{ owner: b, smRatio: 0.4 }], both)).toEqual({ 'slurmJob=2': 1, estimated: true })
    expect(held([], both)).toEqual({ 'slurmJob=1': 0.5, 'slurmJob=2': 0.5, estimated: true })
  })

  test('has no more holders than a live message carries', () => {
    const many = Array.from({ length: 80 }, (_, i) => ({ owner: { user: `u${i}` }, memoryUsedBytes: i + 1 }))
    const { holders } = sharesOf(whole, many, [])
    expect(holders).toHaveLength(64)
    expect(holders[0]?.owner).toEqual({ user: 'u79' })
  })
})

describe('a GPU in MIG instances', () => {
  const instances = [
    { instance: 1, smCount: 60 },
    { instance: 5, smCount: 30 },
    { instance: 6, smCount: 30 },
  ]
  const mig = { instances }

  test('is divided by the SMs of those that have a holder; the rest is nobody’s; always an estimate', () =>
    expect(
      held(
        [
          { owner: a, instance: 1 },
          { owner: b, instance: 6 },
        ],
        [],
        mig,
      ),
    ).toEqual({
      'slurmJob=1': 0.5,
      'slurmJob=2': 0.25,
      estimated: true,
    }))

  test('that leave a part of the board free leave that part to nobody', () =>
    expect(held([{ owner: a, instance: 1 }], [], { instances, smCount: 132 })).toEqual({
      'slurmJob=1': expect.closeTo(60 / 132),
      estimated: true,
    }))

  test('has an instance’s processes share that instance only', () =>
    expect(
      held(
        [
          { owner: a, instance: 5, memoryUsedBytes: 1 },
          { owner: b, instance: 5, memoryUsedBytes: 3 },
        ],
        [],
        mig,
      ),
    ).toEqual({ 'slurmJob=1': 0.0625, 'slurmJob=2': 0.1875, estimated: true }))

  test('has instances reserved one by one, in use or not', () =>
    expect(held([{ owner: b, instance: 1 }], [{ owner: a, instance: 1 }], mig)).toEqual({
      'slurmJob=1': 0.5,
      estimated: true,
    }))

  test('reserved as a whole is all its holder’s, but for instances that are another’s', () => {
    expect(held([{ owner: b, instance: 1 }], [{ owner: a }], { instances, smCount: 132 })).toEqual({
      'slurmJob=1': expect.closeTo(1, 12),
      estimated: false,
    })
    expect(held([], [{ owner: a }, { owner: b, instance: 5 }], mig)).toEqual({
      'slurmJob=1': 0.75,
      'slurmJob=2': 0.25,
      estimated: true,
    })
  })

  test('whose SMs are not told are equal parts', () =>
    expect(
      held([{ owner: a, instance: 1 }], [], { instances: instances.map((i) => ({ ...i, smCount: 0 })) }),
    ).toEqual({
      'slurmJob=1': expect.closeTo(1 / 3),
      estimated: true,
    }))
})

describe('for any GPU', () => {
  const owner = fc.constantFrom(
    { slurmJob: '1' },
    { slurmJob: '2' },
    { namespace: 'n', pod: 'p' },
    { user: 'u' },
  )
  const instance = fc.option(fc.constantFrom(1, 2, 7), { nil: undefined })
  const present = (o: object) => Object.fromEntries(Object.entries(o).filter(([, v]) => v !== undefined))
  const claim = fc
    .record({
      owner: fc.option(owner, { nil: undefined }),
      smRatio: fc.option(
        fc.integer({ min: 0, max: 100 }).map((percent) => percent / 100),
        { nil: undefined },
      ),
      memoryUsedBytes: fc.option(fc.integer({ min: 0, max: 2 ** 40 }), { nil: undefined }),
      instance,
    })
    .map((c) => present(c) as Claim)
  const reservation = fc.record({ owner, instance }).map((r) => present(r) as unknown as Reservation)
  const gpu = fc
    .record({
      instances: fc.option(
        fc.uniqueArray(
          fc.record({ instance: fc.constantFrom(1, 2, 7), smCount: fc.integer({ min: 0, max: 132 }) }),
          {
            selector: (i) => i.instance,
            maxLength: 3,
          },
        ),
        { nil: undefined },
      ),
      smCount: fc.option(fc.constantFrom(108, 132), { nil: undefined }),
    })
    .map((g) => present(g) as Parameters<typeof sharesOf>[0])
  const sum = (holders: { share: number }[]) => holders.reduce((total, h) => total + h.share, 0)

  test('shares are positive, one for each owner, and sum to 1 at most', () =>
    fc.assert(
      fc.property(
        gpu,
        fc.array(claim),
        fc.array(reservation, { maxLength: 3 }),
        (board, claims, reservations) => {
          const { holders } = sharesOf(board, claims, reservations)
          expect(new Set(holders.map((h) => ownerKey(h.owner))).size).toBe(holders.length)
          for (const { share } of holders) expect(share).toBeGreaterThan(0)
          expect(sum(holders)).toBeLessThanOrEqual(1 + 1e-12)
        },
      ),
    ))

  test('undivided, with everybody known and somebody there, they sum to 1', () =>
    fc.assert(
      fc.property(
        fc.array(claim, { minLength: 1 }),
        fc.array(reservation, { maxLength: 3 }),
        (claims, reservations) => {
          const known = claims.map((c) => ({ ...c, owner: c.owner ?? a }))
          expect(sum(sharesOf(whole, known, reservations).holders)).toBeCloseTo(1, 12)
        },
      ),
    ))

  test('the order of processes and reservations changes nothing', () =>
    fc.assert(
      fc.property(
        gpu,
        fc
          .array(claim)
          .chain((c) => fc.tuple(fc.constant(c), fc.shuffledSubarray(c, { minLength: c.length }))),
        fc.array(reservation, { maxLength: 3 }),
        (board, [claims, shuffled], reservations) => {
          const shares = (cs: Claim[], rs: Reservation[]) => {
            const { holders, estimated } = sharesOf(board, cs, rs)
            return {
              ...Object.fromEntries(holders.map((h) => [ownerKey(h.owner), expect.closeTo(h.share, 9)])),
              estimated,
            }
          }
          const again = sharesOf(board, shuffled, [...reservations].reverse())
          const flat = {
            ...Object.fromEntries(again.holders.map((h) => [ownerKey(h.owner), h.share])),
            estimated: again.estimated,
          }
          expect(flat).toEqual(shares(claims, reservations))
        },
      ),
    ))
})
