import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { RecordJudge } from '../../../../collector/intake/batch-plan.ts'
import { MINUTE_MS } from '../../../../protocol/units.ts'
import { batch, LedgerRig, record, T0 } from '../../ledger-rig.ts'
import { BooksRig } from '../books-rig.ts'

const MOST = 2_000_000
const doubtful: RecordJudge = (_agentId, { workDiff1 = 0, estimatedWorkDiff1 = 0 }) =>
  workDiff1 + estimatedWorkDiff1 > MOST
    ? { kind: 'doubt', check: 'work', reason: 'compare with the pool' }
    : undefined

test('every figure’s explanation names all that it leaves out, and says where it is estimated (property)', async () => {
  const books = new BooksRig()
  books.ledger = new LedgerRig(books.store, undefined, [doubtful])
  await books.start()
  let [seq, minute] = [1, 0]
  const work = fc.record({ amount: fc.nat(2 * MOST), estimated: fc.boolean() })
  await fc.assert(
    fc.asyncProperty(fc.array(work, { minLength: 1, maxLength: 5 }), async (all) => {
      const own = ++minute
      books.ledger.nowMs = Math.max(books.ledger.nowMs, T0 + own * MINUTE_MS)
      const records = all.map(({ amount, estimated }, i) => {
        // parts of one minute: each is a record of its own
        const made = record(own, 'rig1', { durationMs: 10_000, coveredMs: 10_000 })
        delete made.workDiff1
        return {
          ...made,
          startMs: made.startMs + i * 10_000,
          [estimated ? 'estimatedWorkDiff1' : 'workDiff1']: amount,
        }
      })
      await books.ledger.take(batch(seq, records))
      seq += records.length
      await books.ledger.settleAll()
      const { heldBack = [], intervals, ledger, sums } = await books.explained('mining', own)
      expect(heldBack.map(({ start }) => Date.parse(start)).sort((a, b) => a - b)).toEqual(
        records.filter((_, i) => all[i]!.amount > MOST).map(({ startMs }) => startMs),
      )
      for (const { reason, state } of heldBack)
        expect([reason, state]).toEqual(['compare with the pool', 'open'])
      const estimates = intervals.filter(({ estimatedRevenueNanoUsd }) => estimatedRevenueNanoUsd > 0)
      expect(estimates).toHaveLength(
        all.filter(({ amount, estimated }) => estimated && amount > 0 && amount <= MOST).length,
      )
      for (const { revenue } of estimates) expect(revenue.because).toMatch(/^estimated: /)
      expect(ledger?.estimatedRevenueNanoUsd ?? 0).toBe(sums.estimatedRevenueNanoUsd)
    }),
    { numRuns: 20 },
  )
  await books.stop()
})
