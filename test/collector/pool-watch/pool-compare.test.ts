import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Credit } from '../../../collector/economics/settlement/pool-credit.ts'
import { type Workload, WorkloadSchema } from '../../../collector/economics/workloads.ts'
import type { Store } from '../../../collector/plugin/store.ts'
import { compareCredits } from '../../../collector/pool-watch/pool-compare.ts'
import { PoolLedger } from '../../../collector/pool-watch/pool-ledger.ts'
import { QuoteBook } from '../../../collector/prices/quote-book.ts'
import { createDuckdbStore } from '../../../collector/stores/duckdb/duckdb.ts'
import { SILENT } from '../../../protocol/kit/log.ts'
import { minutesOf } from '../ledger-rows.ts'

const DAY_MS = 86_400_000
const DAY = Date.UTC(2026, 4, 19)
/** a rig that earns 0.4 USD a minute, of which the pool keeps 2 % before */
const MINUTE = { workDiff1: 1_000, revenueNanoUsd: 392_000_000, feeNanoUsd: 8_000_000 }
const UNPRICED = { workDiff1: 1_000, unpricedWorkDiff1: 1_000 }

const mining = (more: object = {}): Workload =>
  WorkloadSchema.parse({
    name: 'mining',
    kind: 'mining',
    poolFeeRatio: 0.02,
    match: [{ poolUrl: '*' }],
    ...more,
  })

let folder = ''
let store: Store
const quotes = new QuoteBook()
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'perwatt-pools-'))
  store = createDuckdbStore({ path: join(folder, 'ledger.duckdb'), memoryLimitMb: 128, log: SILENT })
  await store.open()
  // two days, of which the second lost six hours; another workload has all of both
  const rows = [
    ...minutesOf('mining', DAY, 1440, MINUTE),
    ...minutesOf('mining', DAY + DAY_MS, 1080, MINUTE),
    // a day of which one hour has prices so far, and one that has none
    ...minutesOf('late', DAY, 60, MINUTE),
    ...minutesOf('late', DAY + 60 * 60_000, 1380, UNPRICED),
    ...minutesOf('unpriced', DAY, 1440, UNPRICED),
    ...minutesOf('rental', DAY, 1440, { revenueNanoUsd: 9e9 }),
    ...minutesOf('rental', DAY + DAY_MS, 1080, { revenueNanoUsd: 9e9 }),
  ]
  await store.settle([...new Set(rows.map((r) => r.minuteMs))], rows)
  for (const [value, fromMs] of [
    [90_000, 0],
    [110_000, DAY + DAY_MS / 2],
  ] as const)
    quotes.add({ name: 'btcUsd', value, unit: 'USD/BTC', source: 'test', fromMs })
})
afterAll(async () => {
  await store.close()
  rmSync(folder, { recursive: true })
})

const compare = (credits: Credit[], workload: Workload | undefined = mining()) =>
  compareCredits({ ledger: new PoolLedger(store, () => DAY + 3 * DAY_MS), quotes, workload, credits })
const day = { fromMs: DAY, toMs: DAY + DAY_MS }

describe('credits beside a real ledger', () => {
  test('a day’s revenue, at the average BTC price of the day, beside the workload’s', async () => {
    const revenueBtc = (1440 * 0.392 * 0.95) / 100_000
    const [seen] = await compare([{ ...day, revenueBtc }])
    expect(seen).toMatchObject({
      coveredRatio: 1,
      basis: 'revenue',
      ledgerRevenueUsd: expect.closeTo(564.48, 9),
      differenceRatio: expect.closeTo(-0.05, 9),
      differenceUsdPerDay: expect.closeTo(-28.224, 6),
    })
  })

  test('a day’s work beside the workload’s, whatever the others do', async () => {
    const [seen] = await compare([{ ...day, workDiff1: 1_440_000 * 1.01, workBasis: 'shares' }])
    expect(seen).toMatchObject({
      ledgerWorkDiff1: expect.closeTo(1_440_000, 3),
      basis: 'shares',
      differenceRatio: expect.closeTo(0.01, 9),
    })
  })

  test('24 h that begin in mid-minute and cross midnight', async () => {
    const fromMs = DAY + 17 * 3_600_000 + 34_567
    const last = { fromMs, toMs: fromMs + DAY_MS, workDiff1: 1_440_000, workBasis: 'hashrate' as const }
    const [seen] = await compare([last])
    expect(seen).toMatchObject({ coveredRatio: 1, differenceRatio: expect.closeTo(0, 9) })
  })

  test('a day of which the ledger lacks six hours is not compared', async () => {
    const [seen] = await compare([{ fromMs: DAY + DAY_MS, toMs: DAY + 2 * DAY_MS, revenueBtc: 0.005 }])
    expect(seen).toMatchObject({ coveredRatio: 0.75, because: 'the ledger has only 75.0 % of this period' })
  })

  test.each([{ scheme: 'pplns' }, { scheme: 'solo' }, { usdPerPhDay: 40 }])(
    'revenue is not compared where the ledger’s is worth another thing: %o',
    async (contract) => {
      const credit = { ...day, revenueBtc: 9, workDiff1: 1_440_000, workBasis: 'shares' as const }
      const [seen] = await compare([credit], mining(contract))
      expect(seen).toMatchObject({ basis: 'shares', differenceRatio: expect.closeTo(0, 9) })
    },
  )

  test('work without a price yet is worth what the priced work is, so a shortfall keeps its size', async () => {
    const late = mining({ name: 'late' })
    const revenueBtc = (1440 * 0.392 * 0.95) / 100_000
    const worth = {
      ledgerRevenueUsd: expect.closeTo(564.48, 9),
      differenceUsdPerDay: expect.closeTo(-28.224, 6),
    }
    expect(await compare([{ ...day, revenueBtc }], late)).toMatchObject([{ basis: 'revenue', ...worth }])
    const credit = { ...day, workDiff1: 1_440_000 * 0.95, workBasis: 'shares' as const }
    expect(await compare([credit], late)).toMatchObject([{ basis: 'shares', ...worth }])
  })

  test('a day without any price is compared in work, and its money is unknown', async () => {
    const unpriced = mining({ name: 'unpriced' })
    const credit = { ...day, workDiff1: 1_440_000 * 0.95, workBasis: 'shares' as const, revenueBtc: 0.005 }
    const [seen] = await compare([credit], unpriced)
    expect(seen).toMatchObject({ basis: 'shares', differenceRatio: expect.closeTo(-0.05, 9) })
    expect(seen).not.toHaveProperty('differenceUsdPerDay')
    expect(await compare([{ ...day, revenueBtc: 0.005 }], unpriced)).toMatchObject([
      { because: 'no price of the ledger’s work in this period is known yet' },
    ])
  })

  test('nothing credited is nothing to compare', async () => {
    expect(await compare([])).toEqual([])
  })
})

test('a complete day is read once an hour, and then with what was restated; other times are read each time', async () => {
  let nowMs = DAY + 3 * DAY_MS
  let asked = 0
  const ledgerOf: Store['ledger'] = (query) => {
    asked++
    return store.ledger(query)
  }
  const ledger = new PoolLedger({ ledger: ledgerOf, workByOwner: async () => [] }, () => nowMs)
  const first = await ledger.period('mining', DAY, DAY + DAY_MS)
  expect(await ledger.period('mining', DAY, DAY + DAY_MS)).toBe(first)
  expect(asked).toBe(2)
  await ledger.period('rental', DAY, DAY + DAY_MS)
  await ledger.period('mining', DAY + 60_000, DAY + DAY_MS + 60_000)
  await ledger.period('mining', DAY + 60_000, DAY + DAY_MS + 60_000)
  expect(asked).toBe(8)
  nowMs += 3_600_000
  expect(await ledger.period('mining', DAY, DAY + DAY_MS)).toEqual(first)
  expect(asked).toBe(10)
})
