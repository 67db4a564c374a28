import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { divided, domainOf } from '../../../../collector/economics/settlement/pool-places.ts'
import { againstLedger } from '../../../../collector/economics/settlement/worker-true-up.ts'

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
    const places = divided(new Map([['acme.rig', owners]]), ['viabtc.io', 'viabtc.top']).get('acme.rig')
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
