import { describe, expect, it } from 'vitest'
import type { PriceMemory } from '../../../collector/prices/confirmed-prices.ts'
import { QuoteBook } from '../../../collector/prices/quote-book.ts'
import { QuoteSelector } from '../../../collector/prices/quote-selector.ts'
import { QuoteWriteQueue } from '../../../collector/prices/quote-write-queue.ts'
import { SILENT } from '../../../protocol/kit/log.ts'
import { HOUR_MS } from '../../../protocol/units.ts'
import { T0, TestFeed } from '../selector-rig.ts'

/** A started selector over an empty store. */
function open(writeQuotes: () => Promise<void>, keep?: () => Promise<boolean>) {
  const book = new QuoteBook()
  const selector = new QuoteSelector({
    book,
    writer: new QuoteWriteQueue({ writeQuotes }, SILENT),
    feeds: [],
    typed: new TestFeed('configuration', [], [], 'fixed'),
    nowMs: () => T0,
    keep,
    log: SILENT,
  })
  return { book, selector, start: () => selector.start(new AbortController().signal) }
}
const fails = async () => {
  throw new Error('no space left on device')
}
const PAST = { name: 'btcUsd', value: 91_000, by: 'desk', fromMs: T0 - HOUR_MS } as const

describe('a push', () => {
  it('that was answered outlives a kill before the store has it, of a past time too', async () => {
    let kept: PriceMemory | undefined
    const first = open(
      () => new Promise(() => {}),
      async () => {
        kept = structuredClone(first.selector.memory())
        return true
      },
    )
    first.start()
    first.selector.push(PAST)
    expect(await first.selector.isKept()).toBe(true)
    const written: unknown[] = []
    const second = open(async () => void written.push(1))
    second.selector.restore(kept as PriceMemory)
    second.start()
    await second.selector.stop()
    expect(second.book.at(T0 - HOUR_MS).btcUsd).toMatchObject({ value: 91_000, knownMs: T0 })
    expect(written).toEqual([1])
  })

  it('is kept by the store where the data folder does not take it, and by neither where both fail', async () => {
    const beside = open(
      async () => {},
      async () => false,
    )
    beside.start()
    beside.selector.push(PAST)
    expect(await beside.selector.isKept()).toBe(true)
    const neither = open(fails, async () => false)
    neither.start()
    neither.selector.push(PAST)
    expect(await neither.selector.isKept()).toBe(false)
  })
})
