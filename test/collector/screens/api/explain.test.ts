import fc from 'fast-check'
import { beforeEach, describe, expect, test } from 'vitest'
import { explain } from '../../../../collector/commands/explain.ts'
import { MINUTE_MS } from '../../../../protocol/units.ts'
import { batch, record, T0 } from '../../ledger-rig.ts'
import { BooksRig, iso, minuteOfAll } from '../books-rig.ts'
import { recompute } from '../recompute.ts'

describe('the books of a collector', () => {
  let books: BooksRig
  beforeEach(async () => {
    books = await new BooksRig().start()
    return () => books.stop()
  })

  test('explain every figure by intervals, prices and formulas that give it to the nano-dollar', async () => {
    await books.ledger.take(batch(1, minuteOfAll()))
    await books.ledger.settleAll()
    for (const workload of ['mining', 'rental', 'chat', 'overhead']) {
      const said = await books.explained(workload)
      const again = recompute(await books.printed((o) => explain({ ...o, workload, minute: iso(0) })))
      expect([workload, said.agrees]).toEqual([workload, true])
      expect(said.ledger).toMatchObject(again)
    }
    expect((await books.explained('mining')).intervals.map((i) => i.revenue.formula)).toContain('0')
    expect((await books.explained('rental')).rules.workload).toMatchObject({ usdPerGpuHour: 2.1 })
  })

  test('name the workers that the pool credited less than is counted around the minute', async () => {
    await books.ledger.take(batch(1, minuteOfAll()))
    await books.ledger.settleAll()
    const short = {
      worker: 'acme.rig1',
      devices: ['rig1'],
      ledgerWorkDiff1: 2_000_000,
      poolWorkDiff1: 500_000,
      allowedWorkDiff1: 1_000,
      shortWorkDiff1: 1_500_000,
      shortUsd: 12.5,
    }
    const workers = {
      fromMs: T0,
      toMs: T0 + MINUTE_MS,
      compared: 2,
      worst: [short],
      short: { workers: 1, workDiff1: 1_500_000, usd: 12.5 },
      otherWorkDiff1: 0,
      others: [],
      unclear: [],
    }
    books.pools = [{ pool: 'acme', workload: 'mining', stale: false, differences: [], workers }]
    expect((await books.explained('mining')).poolShort).toEqual([
      {
        pool: 'acme',
        from: iso(0),
        to: iso(1),
        worker: 'acme.rig1',
        devices: ['rig1'],
        shortWorkDiff1: 1_500_000,
        shortUsd: 12.5,
      },
    ])
    const text = await books.printed((o) => explain({ ...o, workload: 'mining', minute: iso(0) }))
    expect(text).toContain('credited less than counted, over 24 h')
    expect(text).toMatch(/pool acme, worker acme\.rig1 \(rig1\), .*: 1500000 difficulty-1 shares, 12\.50 USD/)
    expect((await books.explained('rental')).poolShort).toBeUndefined()
    books.pools = [{ ...books.pools[0]!, workers: { ...workers, fromMs: T0 + MINUTE_MS } }]
    expect((await books.explained('mining')).poolShort).toBeUndefined()
  })

  test('explain any minute to the nano-dollar (property)', async () => {
    const amount = fc.integer({ min: 0, max: 1e10 })
    let seq = 1
    let minute = 0
    await fc.assert(
      fc.asyncProperty(fc.array(amount, { minLength: 7, maxLength: 7 }), async (n) => {
        const startMs = T0 + ++minute * MINUTE_MS
        books.ledger.nowMs = Math.max(books.ledger.nowMs, startMs)
        const records = minuteOfAll([
          { energyMilliJ: n[0]! },
          { energyMilliJ: n[1]!, workDiff1: n[2]! },
          { energyMilliJ: n[3]!, gpuMs: n[4]! },
          { tokensIn: n[5]!, tokensOut: n[6]! },
        ]).map((r) => ({ ...r, startMs }))
        await books.ledger.take(batch(seq, records))
        seq += records.length
        await books.ledger.settleAll()
        const buckets = await books.store.ledger({
          fromMs: startMs,
          toMs: startMs + MINUTE_MS,
          stepMs: MINUTE_MS,
          groupBy: 'workload',
        })
        expect(buckets.length).toBeGreaterThan(2)
        for (const { group, energyMilliJ, revenueNanoUsd, costNanoUsd, demandNanoUsd } of buckets) {
          const text = await books.printed((o) =>
            explain({ ...o, workload: group, minute: new Date(startMs).toISOString() }),
          )
          expect([group, recompute(text)]).toEqual([
            group,
            { energyMilliJ, revenueNanoUsd, costNanoUsd, demandNanoUsd },
          ])
        }
      }),
      { numRuns: 12 },
    )
  })

  test('explain minutes that are not settled yet, and answer 404 where there is nothing', async () => {
    books.ledger.nowMs = T0 + MINUTE_MS
    await books.ledger.take(batch(1, [record(0)]))
    expect(await books.explained('mining')).toMatchObject({ revision: 0, agrees: false })
    expect(await books.ask(`/api/v1/explain?workload=nobody&minute=${iso(0)}`)).toMatchObject({
      status: 404,
      body: { error: { message: expect.stringContaining('nothing of nobody') } },
    })
    expect(await books.ask('/api/v1/explain?workload=mining&minute=noon')).toMatchObject({ status: 400 })
    await expect(
      books.printed((o) => explain({ ...o, workload: 'nobody', minute: '2026-06-01T10:00Z' })),
    ).rejects.toThrow(/the collector answers: the ledger has nothing of nobody/)
  })
})
