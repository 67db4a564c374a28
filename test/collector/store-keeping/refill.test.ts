import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { QuotesCopy } from '../../../collector/store-keeping/quotes-copy.ts'
import { Refill } from '../../../collector/store-keeping/refill.ts'
import { PerwattError } from '../../../protocol/kit/errors.ts'
import { SILENT } from '../../../protocol/kit/log.ts'
import type { Quote } from '../../../protocol/quote.ts'
import { eventually } from '../../eventually.ts'

it('fills a database again in order; a part that it refuses does not hold up the rest', async () => {
  const done: string[] = []
  const refill = new Refill(
    [
      () => done.push('marks'),
      () => {
        done.push('rules')
        throw new PerwattError('store-refused', 'a rule is older than the retention')
      },
      () => done.push('minutes'),
    ],
    SILENT,
  )
  refill.begin()
  await eventually(
    () => done.length,
    (n) => n === 3,
  )
  expect(done).toEqual(['marks', 'rules', 'minutes'])
  // emptied once more: everything again
  refill.begin()
  await eventually(
    () => done.length,
    (n) => n === 6,
  )
  await refill.stop()
})

it('ends at a stop, though the database does not answer', async () => {
  let tries = 0
  const refill = new Refill(
    [
      () => {
        tries++
        throw new PerwattError('store-unavailable', 'away')
      },
    ],
    SILENT,
  )
  refill.begin()
  await eventually(
    () => tries,
    (n) => n > 0,
  )
  await refill.stop()
  expect(tries).toBe(1)
})

it('the copy of the quotes, of pushed ones that wait, and of what the store did not take, is read as it was kept; a spoilt one is none', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'perwatt-quotes-'))
  const path = join(folder, 'quotes.json')
  const quotes: Quote[] = [
    { name: 'btcUsd', value: 65_432, unit: 'USD/BTC', source: 'pushed by ann', fromMs: 1, staleAfterMs: 9 },
    { name: 'energyUsdPerKwh', value: 0.04, unit: 'USD/kWh', source: 'tariff', fromMs: 5 },
  ]
  const copy = new QuotesCopy(path, SILENT)
  expect(await copy.read()).toBeUndefined()
  const none = { waiting: [], confirmed: [], unstored: [] }
  const [quote] = quotes as [Quote]
  const { name, value, unit, source } = quote
  const held = { name, value, unit, source, sinceMs: 3, reason: 'leaps', waitsFor: 'a person' }
  const full = {
    quotes,
    waiting: [{ quote, held }],
    confirmed: [{ name, value: 65_000, source: 'tickers', atMs: 4 }],
    unstored: [quote],
  }
  for (const copied of [{ quotes, ...none }, full, full]) {
    expect(await copy.keep(copied)).toBe(true)
    expect(await new QuotesCopy(path, SILENT).read()).toEqual({ v: 1, ...copied })
  }
  // a copy of an earlier version has none
  await writeFile(path, JSON.stringify({ v: 1, quotes }))
  expect(await copy.read()).toEqual({ v: 1, quotes, ...none })
  expect(await new QuotesCopy(join(folder, 'no-folder', 'quotes.json'), SILENT).keep(full)).toBe(false)
  const text = await readFile(path, 'utf8')
  await writeFile(path, text.slice(0, text.length / 2))
  expect(await copy.read()).toBeUndefined()
  await rm(folder, { recursive: true })
})
