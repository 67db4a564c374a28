import { expect, test } from 'vitest'
import { PaidWork } from '../../../agent/asic/paid-work.ts'
import type { PoolFacts } from '../../../agent/asic/pools.ts'
import { asicReading } from '../../../agent/asic/reading.ts'

const HASHES = { hashrateHs: 2e14 }
const counted = (workDiff1: number, accepted: number): PoolFacts => ({
  configured: 1,
  alive: 1,
  byOwner: [{ owner: { poolUser: 'acme.1' }, workDiff1 }],
  shares: { accepted },
})

test('a machine that does not hash has no work to estimate', () => {
  expect(new PaidWork().of({ hashrateHs: 0 })).toEqual({ notes: [] })
})

test('one list of pools that is missing is no note, three from the start are', () => {
  const work = new PaidWork()
  const notes = [1, 2, 3].map(() => work.of(HASHES).notes?.length)
  expect(notes).toEqual([0, 0, 1])
})

test('a note tells that a machine which counts has not shown its counter for ten minutes', () => {
  let nowMs = 0
  const work = new PaidWork(() => nowMs)
  expect(work.of({ ...HASHES, pools: counted(1e6, 10) })).not.toHaveProperty('uncountedWork')
  nowMs = 599_000
  expect(work.of(HASHES)).toEqual({ notes: [] })
  nowMs = 600_000
  const late = work.of(HASHES)
  expect(late).not.toHaveProperty('uncountedWork')
  expect(late.notes?.join()).toContain('its work is estimated until they are')
  expect(work.of({ ...HASHES, pools: counted(2e6, 20) }).notes).toEqual([])
})

test('a counter that grows again after it stood counts again', () => {
  const work = new PaidWork()
  const sees = (workDiff1: number, accepted: number) =>
    work.of({ ...HASHES, pools: counted(workDiff1, accepted) }).uncountedWork === true
  expect([sees(500, 10), sees(500, 14), sees(500, 15), sees(900, 16), sees(900, 17)]).toEqual([
    false,
    false,
    true,
    false,
    false,
  ])
})

test('a restart of the miner sets both back', () => {
  const work = new PaidWork()
  work.of({ ...HASHES, pools: counted(500, 100) })
  expect(work.of({ ...HASHES, pools: counted(0, 1) })).not.toHaveProperty('uncountedWork')
  expect(work.of({ ...HASHES, pools: counted(0, 5) })).not.toHaveProperty('uncountedWork')
})

test('who works for a pool that was never told works for an unknown one, and for the last one that was told', () => {
  const work = new PaidWork()
  const owner = { poolUrl: 'stratum+tcp://pool.example:3333', poolUser: 'acme.1' }
  expect(work.of(HASHES).worksFor).toEqual([{ owner: { poolUrl: 'unknown' }, share: 1 }])
  const told = work.of({ ...HASHES, pools: { configured: 1, alive: 1, active: owner, uncounted: {} } })
  expect(told).not.toHaveProperty('worksFor')
  expect(work.of(HASHES).worksFor).toEqual([{ owner, share: 1 }])
})

test('an answer of the pools that is missing makes no rejected share a paid one', () => {
  const work = new PaidWork()
  const owner = { poolUrl: 'stratum+tcp://pool.example:3333', poolUser: 'acme.1' }
  const pools = { configured: 1, alive: 1, active: owner, uncounted: { acceptedRatio: 0.5 } }
  expect(work.of(HASHES)).not.toHaveProperty('acceptedRatio')
  expect(work.of({ ...HASHES, pools }).acceptedRatio).toBe(0.5)
  // hours later, and where the pools are told without their shares
  for (let poll = 0; poll < 1000; poll++) expect(work.of(HASHES).acceptedRatio).toBe(0.5)
  const without = { ...pools, uncounted: {} }
  expect(asicReading({ ...HASHES, ...work.of({ ...HASHES, pools: without }) }).sample.paidRatio).toBe(0.5)
  expect(asicReading({ ...HASHES, ...work.of(HASHES) }).sample.paidRatio).toBe(0.5)
})

test('the accepted part is the same in every poll, over missing answers and a restart of the agent', () => {
  const owner = { poolUrl: 'stratum+tcp://pool.example:3333', poolUser: 'acme.1' }
  const told = (shares: number): PoolFacts => ({
    configured: 1,
    alive: 1,
    active: owner,
    uncounted: {},
    shares: { accepted: 0.1 * shares, rejected: 0.9 * shares },
  })
  const paidIn = (work: PaidWork, pools?: PoolFacts) =>
    asicReading({ ...HASHES, ...work.of({ ...HASHES, ...(pools && { pools }) }) }).sample.paidRatio
  let work = new PaidWork()
  for (let poll = 0; poll < 100; poll++)
    expect(paidIn(work, poll % 10 === 0 ? told(1000 + 10 * poll) : undefined)).toBeCloseTo(0.1, 9)
  const { known } = work
  work = new PaidWork()
  work.recall(JSON.parse(JSON.stringify(known)))
  expect(paidIn(work)).toBeCloseTo(0.1, 9)
})

test('two living pools of which none is told are an unknown one, with a note', () => {
  const { worksFor, notes, uncountedWork } = new PaidWork().of({
    ...HASHES,
    pools: { configured: 2, alive: 2, uncounted: {} },
  })
  expect(worksFor).toEqual([{ owner: { poolUrl: 'unknown' }, share: 1 }])
  expect(uncountedWork).toBe(true)
  expect(notes?.join()).toContain('does not tell which it works for')
})

test('of several owners the one whose counter grows has the machine', () => {
  const work = new PaidWork()
  const sees = (a: number, b: number) => {
    const byOwner = [
      { owner: { poolUser: 'a' }, workDiff1: a },
      { owner: { poolUser: 'b' }, workDiff1: b },
    ]
    return work.of({ ...HASHES, pools: { configured: 2, alive: 2, byOwner } }).worksFor
  }
  expect([sees(5, 9), sees(5, 12), sees(5, 12)]).toEqual([
    undefined,
    [{ owner: { poolUser: 'b' }, share: 1 }],
    [{ owner: { poolUser: 'b' }, share: 1 }],
  ])
})

test('a machine none of whose pools lives works for nobody', () => {
  expect(
    new PaidWork().of({ ...HASHES, pools: { configured: 2, alive: 0, uncounted: {} } }),
  ).not.toHaveProperty('worksFor')
})

test('a ratio of few shares says as little in the next session', () => {
  const told = (accepted: number, rejected: number) => {
    const work = new PaidWork()
    const acceptedRatio = accepted / (accepted + rejected)
    const pools = { configured: 1, alive: 1, uncounted: { acceptedRatio }, shares: { accepted, rejected } }
    work.of({ hashrateHs: 1e14, pools })
    const next = new PaidWork()
    next.recall(JSON.parse(JSON.stringify(work.known)))
    return next.of({ hashrateHs: 1e14 })
  }
  expect(told(1, 3)).toMatchObject({ acceptedRatio: 0.25, paidOfFew: true })
  expect(told(100, 300)).toMatchObject({ acceptedRatio: 0.25 })
  expect(told(100, 300)).not.toHaveProperty('paidOfFew')
})
