import { beforeEach, describe, expect, test } from 'vitest'
import { RepricingSchema } from '../../../../collector/books/audit-views.ts'
import { HeldSchema } from '../../../../collector/books/held-views.ts'
import { decideDoubts, listDoubts } from '../../../../collector/commands/doubts.ts'
import { explain } from '../../../../collector/commands/explain.ts'
import type { RecordJudge } from '../../../../collector/intake/batch-plan.ts'
import { ErrorSchema } from '../../../../collector/screens/api/route.ts'
import { batch, LedgerRig, record } from '../../ledger-rig.ts'
import { BooksRig, iso } from '../books-rig.ts'

const doubtful: RecordJudge = (_agentId, { deviceId, workDiff1 = 0 }) =>
  workDiff1 > 2_000_000
    ? {
        kind: 'doubt',
        check: 'work',
        reason: `a, ${deviceId}: its work is ${workDiff1}; compare with the pool`,
      }
    : undefined
const BY = { by: 'ann', reason: 'the pool credits it' }

describe('held records', () => {
  let books: BooksRig
  beforeEach(async () => {
    books = new BooksRig()
    books.ledger = new LedgerRig(books.store, undefined, [doubtful])
    await books.start()
    const wild = { workDiff1: 3_000_000 }
    await books.ledger.take(batch(1, [record(0), record(1, 'rig1', wild), record(2, 'rig1', wild)]))
    await books.ledger.settleAll()
    return () => books.stop()
  })
  const listed = async (query = '') => HeldSchema.parse((await books.ask(`/api/v1/doubts${query}`)).body)

  test('are listed by device and check, with the reason and what they would be worth', async () => {
    expect(await listed()).toMatchObject({
      groups: [
        {
          kind: 'doubt',
          check: 'work',
          agentId: 'a',
          deviceId: 'rig1',
          state: 'open',
          records: 2,
          from: iso(1),
          to: iso(2),
        },
      ],
      open: [{ workload: 'mining', kind: 'doubt', records: 2, energyKwh: 0.1 }],
    })
    const [worth] = (await listed()).open
    // 3e6 shares x 3.125 BTC x 100,000 USD / 1e14, less 2 %, twice
    expect(worth?.revenueUsd).toBeCloseTo(2 * 3e6 * 3.125 * 1e5 * 1e-14 * 0.98, 9)
    expect((await books.ask('/api/v1/losses')).body).toEqual([
      { agentId: 'a', records: 2, held: 'doubt', at: iso(2), from: iso(1), to: iso(2) },
    ])
    expect((await listed('?device=other')).groups).toEqual([])
    expect((await listed('?device=other,rig1&agent=a')).groups).toHaveLength(1)
    expect((await listed(`?from=${iso(2)}`)).groups).toMatchObject([{ records: 1 }])
    expect((await books.ask('/api/v1/doubts?limits=3')).status).toBe(400)
  })

  test('are named by the explanation of each figure that leaves them out, and by the command', async () => {
    const minute = await books.explained('mining', 1)
    expect(minute).toMatchObject({
      intervals: [],
      sums: { revenueNanoUsd: 0, energyMilliJ: 0 },
      agrees: true,
      heldBack: [
        {
          deviceId: 'rig1',
          start: iso(1),
          kind: 'doubt',
          check: 'work',
          state: 'open',
          energyMilliJ: 180_000_000,
        },
      ],
    })
    expect(minute.heldBack?.[0]?.revenueNanoUsd).toBeCloseTo(3e6 * 3.125 * 1e5 * 1e-14 * 0.98 * 1e9, 0)
    expect((await books.explained('mining', 0)).heldBack).toBeUndefined()
    const text = await books.printed((o) => explain({ ...o, workload: 'mining', minute: iso(1) }))
    expect(text).toContain('held back, in none of these figures')
    expect(text).toContain('rig1 of agent a, 2026-06-01T10:01:00.000Z: waits for a person (doubt, work)')
    expect(text).toContain('a, rig1: its work is 3000000; compare with the pool')
  })

  test('are accepted by one act with a name and a reason, which the audit keeps with the old and new figures', async () => {
    const before = (await books.explained('mining', 0)).sums
    const begun = await books.ask('/api/v1/doubts', { ...BY, verdict: 'accept', devices: ['rig1'] })
    expect(begun).toMatchObject({
      status: 202,
      body: { ...BY, decision: { verdict: 'accepted', records: 2, devices: ['rig1'] } },
    })
    const audit = await books.done(RepricingSchema.parse(begun.body).id)
    expect(audit).toMatchObject({
      ...BY,
      quotes: [],
      changes: [{ before: { group: 'mining', revenueUsd: 0 } }],
    })
    expect(audit.changes[0]?.after.revenueUsd).toBeCloseTo((2 * 3 * before.revenueNanoUsd) / 1e9, 6)
    expect((await books.explained('mining', 1)).agrees).toBe(true)
    expect(await listed()).toEqual({ groups: [], open: [] })
    expect((await listed('?state=accepted')).groups).toMatchObject([{ records: 2, state: 'accepted' }])
  })

  test('are decided once by two requests at one moment: the other is told so, and the audit’s newest act is the state', async () => {
    const both = await Promise.all(
      (['accept', 'reject'] as const).map((verdict) => books.ask('/api/v1/doubts', { ...BY, verdict })),
    )
    expect(both.map(({ status }) => status).sort()).toEqual([202, 404])
    const begun = RepricingSchema.parse(both.find(({ status }) => status === 202)?.body)
    await books.done(begun.id)
    const [newest] = await books.store.repricings(9)
    expect(newest?.id).toBe(begun.id)
    expect((await listed(`?state=${newest?.decision?.verdict}`)).groups).toMatchObject([{ records: 2 }])
    expect((await listed()).groups).toEqual([])
  })

  test('can’t be decided without a token, without a name, or where none matches; the answer says what to do', async () => {
    const none = await books.ask('/api/v1/doubts', { ...BY, verdict: 'reject', checks: ['tokens'] })
    expect(none).toMatchObject({
      status: 404,
      body: { error: { message: expect.stringContaining('no open held record matches') } },
    })
    expect((await books.ask('/api/v1/doubts', { verdict: 'accept', by: 'ann' })).status).toBe(400)
    const twice = await books.ask('/api/v1/doubts', { ...BY, verdict: 'accept', state: 'accepted' })
    expect(ErrorSchema.parse(twice.body).error.message).toContain('accepted already')
    const backwards = { ...BY, verdict: 'accept', from: iso(2), to: iso(1) }
    expect((await books.ask('/api/v1/doubts', backwards)).status).toBe(400)
    await books.serve({ token: false })
    expect((await books.ask('/api/v1/doubts', { ...BY, verdict: 'accept' })).status).toBe(403)
  })

  test('are listed and decided by the command, which prints what changed', async () => {
    const list = await books.printed((o) => listDoubts(o))
    expect(list).toMatch(/^device +agent +kind +check +records +from +to \(UTC\)$/m)
    expect(list).toMatch(/^rig1 +a +doubt +work +2 +2026-06-01T10:01 +2026-06-01T10:02$/m)
    expect(list).toContain('work: a, rig1: its work is 3000000; compare with the pool')
    expect(list).toMatch(/2 records of mining \(doubt\) would earn 0\.02 USD, and used 0\.100 kWh/)
    await expect(books.printed((o) => decideDoubts('accept', { ...o, ...BY }))).rejects.toThrow('--all')
    const accepted = await books.printed((o) => decideDoubts('accept', { ...o, ...BY, device: 'other,rig1' }))
    expect(accepted).toContain('2 holds accepted')
    expect(accepted).toMatch(/^ *mining +0\.00 +0\.02/m)
    const rejected = await books.printed((o) =>
      decideDoubts('reject', { ...o, ...BY, all: true, state: 'accepted' }),
    )
    expect(rejected).toMatch(/^ *mining +0\.02 +0\.00/m)
    expect(await books.printed((o) => listDoubts(o))).toContain('no open records are held')
    const gone = books.printed((o) => decideDoubts('reject', { ...o, ...BY, all: true }))
    await expect(gone).rejects.toThrow('no open held record matches')
  })
})
