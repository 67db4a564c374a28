import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { balance, type Load } from '../../../../collector/economics/energy/balance.ts'

const load = (kind: Load['kind'], parent: number, own?: number, weight = 1): Load => ({
  kind,
  parent,
  weight,
  ...(own === undefined ? {} : { own }),
})

describe('the balance of a tree of meters', () => {
  it('believes an outlet’s meter more than the machine behind it', () => {
    const [outlet, machine] = balance([load('meter', -1, 3300), load('machine', 0, 3200)])
    expect(machine).toMatchObject({ drawn: 3300, basis: 'meter' })
    expect(outlet).toMatchObject({ rest: 0, total: 3300 })
  })

  it('calls it a disagreement where an outlet shows far less than its one machine reports, and charges the machine’s own figure', () => {
    for (const shown of [0, -100, 100, 9000, 11_000]) {
      const [outlet, machine] = balance([load('meter', -1, shown), load('machine', 0, 18_500)])
      expect(machine).toMatchObject({ drawn: 18_500, basis: 'own' })
      expect(outlet).toMatchObject({ rest: shown - 18_500, remainder: 'disagrees', total: shown })
    }
    const [outlet, host] = balance([
      load('meter', -1, 0),
      load('host', 0, 5000),
      load('machine', 1, 3000),
      load('machine', 1, 1000),
    ])
    expect(outlet).toMatchObject({ rest: -5000, remainder: 'disagrees' })
    expect(host).toMatchObject({ rest: 1000, total: 5000, remainder: 'beyond' })
  })

  it('believes an outlet that differs from its machine by what a machine’s own figure may be off', () => {
    for (const shown of [11_200, 18_000, 25_000])
      expect(balance([load('meter', -1, shown), load('machine', 0, 18_500)])).toMatchObject([
        { rest: 0, total: shown },
        { drawn: shown, basis: 'meter' },
      ])
  })

  it('never charges a silent machine what an outlet shows below 0', () => {
    expect(balance([load('meter', -1, -100), load('machine', 0)])).toMatchObject([
      { rest: -100, remainder: 'disagrees' },
      { drawn: 0, basis: 'nothing' },
    ])
  })

  it('gives a silent machine what its outlet shows', () => {
    expect(balance([load('meter', -1, 3300), load('machine', 0)])[1]).toMatchObject({
      drawn: 3300,
      basis: 'meter',
    })
  })

  it('never takes the site’s meter for the outlet of its one machine', () => {
    const [site, machine] = balance([{ ...load('meter', -1, 4000), site: true }, load('machine', 0, 3200)])
    expect(site).toMatchObject({ rest: 800, remainder: 'beyond' })
    expect(machine).toMatchObject({ drawn: 3200, basis: 'own' })
  })

  it('shares what a meter shows beyond the others among the machines that say nothing, by weight', () => {
    const [meter, ...machines] = balance([
      load('meter', -1, 10_001),
      load('machine', 0, 4000),
      load('machine', 0, undefined, 1),
      load('machine', 0, undefined, 2),
    ])
    expect(machines.map((m) => [m.drawn, m.basis])).toEqual([
      [4000, 'own'],
      [2000, 'share'],
      [4001, 'share'],
    ])
    expect(meter).toMatchObject({ rest: 0 })
  })

  it('calls it a disagreement where machines claim more than their meter, or two meters read the same', () => {
    const [meter] = balance([load('meter', -1, 5000), load('machine', 0, 4000), load('machine', 0, 3000)])
    expect(meter).toMatchObject({ rest: -2000, remainder: 'disagrees' })
    const [feed, panel] = balance([
      load('meter', -1, 5100),
      load('meter', 0, 5000),
      load('machine', 1, 3000),
      load('machine', 1, 1000),
    ])
    expect(feed).toMatchObject({ rest: 100, remainder: 'disagrees' })
    expect(panel).toMatchObject({ rest: 1000, remainder: 'beyond' })
  })

  it('believes an outlet more than the controller of the host behind it', () => {
    const host = (own?: number) =>
      balance([
        load('meter', -1, 5100),
        load('host', 0, own),
        load('machine', 1, 3000),
        load('machine', 1, 1000),
      ])
    for (const own of [5000, 5200, undefined])
      expect(host(own)).toMatchObject([{ rest: 0, total: 5100 }, { rest: 1100, total: 5100 }, {}, {}])
    const [, less] = balance([
      load('meter', -1, 3900),
      load('host', 0, 5000),
      load('machine', 1, 4000),
      load('machine', 1, 0),
    ])
    expect(less).toMatchObject({ rest: -100, remainder: 'disagrees' })
  })

  it('passes on what is behind a meter that says nothing', () => {
    const [site, silent] = balance([load('meter', -1, 7000), load('meter', 0), load('machine', 1, 6000)])
    expect(silent).toMatchObject({ total: 6000, rest: 0 })
    expect(site).toMatchObject({ rest: 1000 })
  })

  it('cuts a circle of meters open instead of going round in it', () => {
    const found = balance([load('meter', 1, 10), load('meter', 0, 20), load('machine', 1, 5)])
    expect(found.reduce((sum, f) => sum + f.drawn + f.rest, 0)).toBe(10)
  })

  it('adds up to its roots in whole numbers, whatever the tree and whatever it says (property)', () => {
    const anyLoad = fc.record({
      kind: fc.constantFrom('meter' as const, 'host' as const, 'machine' as const),
      own: fc.option(fc.integer({ min: 0, max: 10 ** 9 }), { nil: undefined }),
      up: fc.nat(),
      weight: fc.constantFrom(0, 1, 3.3),
    })
    fc.assert(
      fc.property(fc.array(anyLoad, { minLength: 1, maxLength: 40 }), (drawn) => {
        const loads = drawn.map(
          ({ up, ...l }, i): Load => ({ ...l, parent: i === 0 ? -1 : (up % (i + 1)) - 1 }),
        )
        const found = balance(loads)
        const roots = found.filter((_, i) => loads[i]?.parent === -1)
        const sum = (of: readonly number[]) => of.reduce((a, b) => a + b, 0)
        expect(sum(found.map((f) => f.drawn + f.rest))).toBe(sum(roots.map((r) => r.total)))
        for (const [i, f] of found.entries()) {
          expect([f.drawn, f.rest, f.total].every(Number.isSafeInteger)).toBe(true)
          expect(f.drawn).toBeGreaterThanOrEqual(0)
          // each level adds up for itself
          const children = found.filter((_, k) => loads[k]?.parent === i)
          if (children.length > 0) expect(f.total).toBe(f.rest + sum(children.map((c) => c.total)))
        }
      }),
    )
  })
})
