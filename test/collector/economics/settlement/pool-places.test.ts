import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { divided, domainOf } from '../../../../collector/economics/settlement/pool-places.ts'
import { againstLedger, workByUser } from '../../../../collector/economics/settlement/worker-true-up.ts'

const at = (poolUrl: string, estimatedWorkDiff1: number) => ({
  owner: `poolUrl=${poolUrl};poolUser=acme.rig`,
  workDiff1: 0,
  estimatedWorkDiff1,
})
const DAY_MS = 86_400_000

describe('where a worker mines', () => {
  it.each([
    ['stratum+tcp://btc.viabtc.io:3333', 'viabtc.io'],
    ['stratum+ssl://EU.Stratum.braiins.com./x', 'braiins.com'],
    ['mine.ocean.xyz:3334', 'ocean.xyz'],
    ['stratum+tcp://10.0.0.5:3333', ''],
    ['stratum+tcp://[fd00::5]:3333', ''],
    ['stratum+tcp://proxy:3333', ''],
    ['stratum+tcp://proxy.farm.lan:3333', ''],
    ['unknown', ''],
  ])('is read from %s', (poolUrl, domain) => {
    expect(domainOf(`poolRole=main;poolUrl=${poolUrl};poolUser=acme.rig`)).toBe(domain)
  })

  it('is this pool’s at any of its known domains, whatever has more work', () => {
    const owners = [at('btc.viabtc.io:1', 1), at('btc.viabtc.top:1', 2), at('backup.other:1', 9)]
    const places = divided(new Map([['acme.rig', owners]]), {
      own: ['viabtc.io', 'viabtc.top'],
      others: [],
    }).get('acme.rig')
    expect(places).toEqual({ own: owners.slice(0, 2), other: owners.slice(2) })
  })

  it('is a proxy’s where a worker has no other place, and elsewhere where most work of all is at another one', () => {
    const workers = new Map([
      ['a', [at('v.example:1', 9)]],
      ['b', [at('10.0.0.5:1', 1)]],
      ['c', [at('backup.other:1', 1)]],
    ])
    const own = [...divided(workers)].map(([worker, places]) => [worker, places.own.length])
    expect(own).toEqual([
      ['a', 1],
      ['b', 1],
      ['c', 0],
    ])
  })
})

it('is never at the domain of another pool, though nothing is mined at a known domain of this one', () => {
  const domains = { own: ['viabtc.io'], others: ['f2pool.com'] }
  const workers = new Map([
    ['a', [at('btc.f2pool.com:1', 9)]],
    ['b', [at('10.0.0.5:1', 5), at('btc.f2pool.com:1', 1)]],
    ['c', [at('stratum.acme.example:1', 1)]],
  ])
  const own = [...divided(workers, domains)].map(([worker, places]) => [
    worker,
    places.own.map(({ owner }) => domainOf(owner)),
  ])
  expect(own).toEqual([
    ['a', []],
    ['b', ['']],
    ['c', ['acme.example']],
  ])
})

it('a credit for machines of two workloads is divided by what each of them estimated, and never booked twice', () => {
  const work = fc.integer({ min: 0, max: 1e12 })
  fc.assert(
    fc.property(work, fc.tuple(work, work), fc.tuple(work, work), (pool, [countedA, a], [countedB, b]) => {
      const owner = 'poolUrl=btc.viabtc.io:1;poolUser=acme.rig'
      const ofA = [{ owner, workDiff1: countedA, estimatedWorkDiff1: a }]
      const ofB = [{ owner, workDiff1: countedB, estimatedWorkDiff1: b }]
      const base = { worker: 'acme.rig', dayMs: 0, poolWorkDiff1: pool, poolBasis: 'shares' as const }
      const booked = (own: typeof ofA, beside: typeof ofA) => {
        const user = workByUser(own, undefined, beside).get('acme.rig')
        return user && user.estimatedWorkDiff1 > 0
          ? againstLedger({ ...base, workload: 'any' }, user).workDiff1
          : 0
      }
      const off = pool - countedA - a - countedB - b
      const sum = booked(ofA, ofB) + booked(ofB, ofA)
      if (a + b > 0) expect(Math.abs(sum - off)).toBeLessThanOrEqual(2)
      else expect(sum).toBe(0)
    }),
  )
})

it('a true-up never takes away more than the pool’s own work lacks, and never adds what was credited for elsewhere or for before', () => {
  const work = fc.integer({ min: 0, max: 1e12 })
  fc.assert(
    fc.property(
      work,
      work,
      work,
      work,
      fc.integer({ min: 0, max: DAY_MS }),
      (pool, counted, estimated, other, sinceMs) => {
        const base = {
          workload: 'mining',
          worker: 'a',
          dayMs: 0,
          poolWorkDiff1: pool,
          poolBasis: 'shares' as const,
        }
        const own = { workDiff1: counted, estimatedWorkDiff1: estimated, otherWorkDiff1: other, sinceMs }
        const trueUp = againstLedger(base, own)
        const off = pool - counted - estimated
        const { workDiff1 } = trueUp
        expect(workDiff1).toBe(pool - trueUp.countedWorkDiff1 - trueUp.estimatedWorkDiff1)
        expect(workDiff1).toBe(
          off <= 0 ? off : Math.max(0, off - other - Math.ceil((pool * sinceMs) / DAY_MS)),
        )
      },
    ),
  )
})
