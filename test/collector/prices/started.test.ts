import { expect, test } from 'vitest'
import { QuoteBook } from '../../../collector/prices/quote-book.ts'
import { QuoteSelector } from '../../../collector/prices/quote-selector.ts'
import { QuoteWriteQueue } from '../../../collector/prices/quote-write-queue.ts'
import { SILENT } from '../../../protocol/kit/log.ts'
import { T0, TestFeed } from '../selector-rig.ts'

test('a push that comes before the known prices are read is not taken unjudged: it waits for them, or is refused', async () => {
  const selector = new QuoteSelector({
    book: new QuoteBook(),
    writer: new QuoteWriteQueue({ writeQuotes: async () => {} }, SILENT),
    feeds: [],
    typed: new TestFeed('configuration', ['btcUsd'], [{ name: 'btcUsd', value: 91_000 }], 'fixed'),
    nowMs: () => T0,
    log: SILENT,
  })
  const push = () => selector.push({ name: 'btcUsd', value: 9_100_000, by: 'desk' })
  expect(push()).toEqual({ refused: 'the known prices are not read yet; push again in a minute' })
  await selector.started.wait(1)
  expect(push()).toHaveProperty('refused')
  const waited = selector.started.wait(60_000).then(push)
  selector.start(new AbortController().signal)
  expect(await waited).toHaveProperty('heldBack')
  await selector.started.wait(60_000)
})
