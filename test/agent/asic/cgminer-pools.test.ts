import { expect, test } from 'vitest'
import { poolFacts } from '../../../agent/asic/cgminer-pools.ts'

const reply = (...pools: Record<string, unknown>[]) => ({ body: { POOLS: pools }, complete: true })
const pool = (more: Record<string, unknown>) => ({
  URL: 'stratum+tcp://pool.example:3333',
  User: 'acme.1',
  Status: 'Alive',
  'Stratum Active': true,
  ...more,
})

test('of several pools with a connection the one of the first priority is worked for', () => {
  const { active } = poolFacts(reply(pool({ Priority: 2, User: 'b' }), pool({ Priority: 0, User: 'a' })))
  expect(active?.['poolUser']).toBe('a')
})

test('a password that the firmware lists beside the user is never passed on', () => {
  const facts = poolFacts(reply(pool({ Password: 'hunter2', 'Difficulty Accepted': 1 })))
  expect(JSON.stringify(facts)).not.toContain('hunter2')
})

test('a dev fee pool is known by its user, too', () => {
  const facts = poolFacts(reply(pool({ User: 'maker.dev_fee', 'Difficulty Accepted': '5.0' })))
  expect(facts.active).toBeUndefined()
  expect(facts.byOwner).toEqual([
    {
      owner: { poolUrl: 'stratum+tcp://pool.example:3333', poolUser: 'maker.dev_fee', poolRole: 'devfee' },
      workDiff1: 5,
    },
  ])
})

test('a user longer than the protocol takes is cut', () => {
  expect(poolFacts(reply(pool({ User: 'x'.repeat(300) }))).active?.['poolUser']).toHaveLength(256)
})

test('the only pool that lives is worked for where the firmware tells no connections', () => {
  const unsaid = { 'Stratum Active': undefined }
  expect(poolFacts(reply(pool(unsaid))).active?.['poolUser']).toBe('acme.1')
  expect(poolFacts(reply(pool(unsaid), pool({ ...unsaid, User: 'b' }))).active).toBeUndefined()
  expect(poolFacts(reply(pool({ ...unsaid, Status: 'Dead' }))).active).toBeUndefined()
})

test.each([
  [
    'the one that gave the last share',
    { 'Last Share Time': 100, Priority: 0 },
    { 'Last Share Time': 200, Priority: 1 },
  ],
  ['that of the first priority', { Priority: 1 }, { Priority: 0 }],
  ['the only one with shares', { Accepted: 0 }, { Accepted: 40 }],
])('of two living pools without a word of connections it works for %s', (_name, a, b) => {
  const unsaid = { 'Stratum Active': undefined }
  const facts = poolFacts(reply(pool({ ...unsaid, ...a }), pool({ ...unsaid, ...b, User: 'b' })))
  expect(facts.active?.['poolUser']).toBe('b')
})

test('a counter that stands at 0 beside accepted shares is none, one that has no share yet is one', () => {
  const zero = (accepted: number) =>
    poolFacts(reply(pool({ Accepted: accepted, Rejected: 1, 'Difficulty Accepted': 0 })))
  expect(zero(0)).toMatchObject({ byOwner: [{ workDiff1: 0 }] })
  expect(zero(40)).not.toHaveProperty('byOwner')
  expect(zero(40)).toMatchObject({ uncounted: {}, shares: { accepted: 40, rejected: 1 } })
})

test('counters of other pools than the one that is worked for count nothing', () => {
  const spare = pool({ 'Stratum Active': false, Priority: 1, User: 'b', 'Difficulty Accepted': 0 })
  expect(poolFacts(reply(pool({ Priority: 0 }), spare))).toMatchObject({ uncounted: {} })
})

test('no pools at all are no owner and no work', () => {
  expect(poolFacts(reply())).toEqual({ configured: 0, alive: 0, byOwner: [] })
})

test('accepted shares are the operator’s pools’, and the difficulty of the one in use', () => {
  const used = pool({ Accepted: 10, 'Difficulty Accepted': 655_360, Diff: '131K' })
  const idle = pool({ Accepted: 4, 'Difficulty Accepted': 4e9, 'Stratum Active': false })
  const fee = pool({ URL: 'DevFee', Accepted: 90 })
  expect(poolFacts(reply(used, idle, fee)).shares).toEqual({ accepted: 14, difficulty: 131_000 })
})

test.each([
  ['what the pool asks now', { 'Stratum Difficulty': 262_144, Diff: '1K' }, 262_144],
  ['what it took on average, where that is more', { 'Stratum Difficulty': 1024 }, 65_536],
  ['a number with its thousands', { Diff: '1.05M' }, 1_050_000],
  ['nothing that can be read', { Diff: 'high' }, 65_536],
])('a share’s difficulty is %s', (_name, more, difficulty) => {
  const facts = poolFacts(reply(pool({ Accepted: 10, 'Difficulty Accepted': 655_360, ...more })))
  expect(facts.shares).toEqual({ accepted: 10, difficulty })
})

test('pools that count no shares, or were cut, say nothing of them', () => {
  expect(poolFacts(reply(pool({})))).not.toHaveProperty('shares')
  const cut = { ...reply(pool({ Accepted: 10 })), complete: false }
  expect(poolFacts(cut)).not.toHaveProperty('shares')
})
