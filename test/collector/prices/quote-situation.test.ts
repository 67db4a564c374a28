import { expect, test } from 'vitest'
import { QuoteBook } from '../../../collector/prices/quote-book.ts'
import { priceSituations } from '../../../collector/prices/quote-situation.ts'
import type { WorkloadView } from '../../../collector/views/workload.ts'
import type { Quote } from '../../../protocol/quote.ts'

const NOW = 1_000_000
const workload = (name: string, kind: WorkloadView['kind'], powerW = 1000): WorkloadView =>
  ({ workload: name, kind, powerW }) as WorkloadView
const workloads = [
  workload('mining', 'mining'),
  workload('rental', 'gpu-hour'),
  workload('planned', 'mining', 0),
]
const quote = (name: Quote['name'], more: Partial<Quote> = {}): Quote => ({
  name,
  value: 1,
  unit: 'u',
  source: 'a',
  fromMs: 0,
  ...more,
})

test('has the age of each price, its fault, and the workloads that depend on it', () => {
  const book = new QuoteBook()
  book.add(quote('btcUsd', { staleAfterMs: NOW - 60_000 }))
  book.add(quote('energyUsdPerKwh', { staleAfterMs: NOW }))
  book.add(quote('fx.EUR'))
  const selector = {
    reports: () => [
      { name: 'a', feed: 'k', quotes: ['btcUsd', 'difficulty'] as const, failing: 'no answer' },
      { name: 'b', feed: 'k', quotes: ['btcUsd'] as const },
    ],
    heldBack: () => [
      {
        name: 'btcUsd' as const,
        value: 9,
        unit: 'u',
        source: 'b',
        sinceMs: 0,
        reason: '9 times the last value',
      },
    ],
  }
  expect(priceSituations(selector, book.at(NOW), workloads, NOW)).toEqual([
    {
      name: 'btcUsd',
      value: 1,
      unit: 'u',
      source: 'a',
      staleS: 60,
      failing: 'a: no answer',
      heldBack: 'b says 9 u, 9 times the last value; held back',
      prices: ['mining'],
    },
    { name: 'energyUsdPerKwh', value: 1, unit: 'u', source: 'a', prices: ['mining', 'rental'] },
    { name: 'fx.EUR', value: 1, unit: 'u', source: 'a', prices: [] },
    { name: 'difficulty', failing: 'a: no answer', prices: ['mining'] },
    { name: 'blockHeight', prices: ['mining'] },
  ])
})

test('a price that no feed publishes is missing where a workload depends on it', () => {
  const nobody = { reports: () => [], heldBack: () => [] }
  const names = (of: WorkloadView[]) =>
    priceSituations(nobody, new QuoteBook().at(NOW), of, NOW).map((p) => p.name)
  expect(names(workloads)).toEqual(['btcUsd', 'difficulty', 'blockHeight', 'energyUsdPerKwh'])
  expect(names([workload('rental', 'gpu-hour')])).toEqual(['energyUsdPerKwh'])
  expect(names([])).toEqual([])
})

test('has the time to reprice where a price was used that was never confirmed, and a push that waits with its own time', () => {
  const told = { name: 'btcUsd' as const, unit: 'USD/BTC', reason: 'r', sinceMs: NOW }
  const wrong = { ...told, value: 9_100_000, source: 'a', usedFromMs: 0 }
  const waits = { ...told, value: 91, source: 'pushed by desk', fromMs: 60_000, waitsFor: 'a person' }
  const seen = (heldBack: (typeof wrong | typeof waits)[]) =>
    priceSituations(
      { reports: () => [], heldBack: () => heldBack },
      new QuoteBook().at(NOW),
      workloads,
      NOW,
    )[0]
  const time = '--from 1970-01-01T00:00:00.000Z --to 1970-01-01T00:16:40.000Z'
  expect(seen([wrong])).toMatchObject({
    heldBack: 'a said 9100000 USD/BTC from 1970-01-01T00:00:00.000Z to 1970-01-01T00:16:40.000Z, r',
    reprice: time,
  })
  expect(seen([wrong, waits])).toMatchObject({
    heldBack:
      'pushed by desk says 91 USD/BTC from 1970-01-01T00:01:00.000Z on, r; held back, waits for a person',
    mayBeAccepted: true,
  })
})
