import { describe, expect, test } from 'vitest'
import { createAlertEngine } from '../../../collector/alerts/engine.ts'
import type { PriceSituation } from '../../../collector/plugin/situation.ts'
import { rulesWith, situation } from '../alerts/situations.ts'

const price = (more: Partial<PriceSituation> = {}): PriceSituation => ({
  name: 'btcUsd',
  value: 91_000,
  unit: 'USD/BTC',
  source: 'tickers',
  prices: ['mining'],
  ...more,
})
const rule = rulesWith().filter((r) => r.name === 'stale-quote')
const judge = (...prices: PriceSituation[]) => rule[0]?.judge(situation(0, { prices }))

describe('stale-quote', () => {
  test('a fresh price is well', () => {
    expect(judge(price())).toEqual([{ subject: { quote: 'btcUsd' }, verdict: 'good' }])
  })

  test('a stale one says how old it is, whose it is, what it prices, and why it is not renewed', () => {
    expect(judge(price({ staleS: 720, failing: 'tickers: no exchange answers' }))).toEqual([
      {
        subject: { quote: 'btcUsd' },
        verdict: 'bad',
        summary:
          'btcUsd: 91000 USD/BTC from tickers is stale for 12 min and still used; it prices mining; tickers: no exchange answers',
      },
    ])
  })

  test('one that was never published is an alert too', () => {
    const missing: PriceSituation = { name: 'difficulty', prices: ['mining'], failing: 'node: refused' }
    expect(judge(missing)).toMatchObject([
      {
        verdict: 'bad',
        summary:
          'difficulty: has no value yet; check its feeds, or push a quote; it prices mining; node: refused',
      },
    ])
  })

  test('one that leapt is an alert with both values, though the last one is fresh', () => {
    const heldBack = 'mempool says 910 USD/BTC, 1 % of the last value; held back'
    expect(judge(price({ heldBack }))).toMatchObject([
      {
        verdict: 'bad',
        summary: `btcUsd: ${heldBack}, and 91000 USD/BTC is used; correct its source, or push a quote`,
      },
    ])
    expect(judge(price({ heldBack, mayBeAccepted: true }))?.[0]).toMatchObject({
      summary: `btcUsd: ${heldBack}, and 91000 USD/BTC is used; if it is right: perwatt-collector quote btcUsd --accept --by NAME`,
    })
    expect(judge(price({ heldBack, reprice: '--from A --to B' }))?.[0]).toMatchObject({
      summary: `btcUsd: ${heldBack}, and 91000 USD/BTC is used; correct what was settled with it: perwatt-collector reprice --from A --to B`,
    })
  })

  test('each price has an alert of its own, that ends when it is fresh again', () => {
    const engine = createAlertEngine({ rules: rule })
    const at = (s: number, ...prices: PriceSituation[]) =>
      engine.evaluate(situation(s, { prices })).map(({ type, alert }) => `${type} ${alert.subject.quote}`)
    const stale = price({ staleS: 10 })
    const other = price({ name: 'energyUsdPerKwh', staleS: 10 })
    for (let s = 0; s < 60; s += 20) expect(at(s, stale, other)).toEqual([])
    expect(at(60, stale, other)).toEqual(['firing btcUsd', 'firing energyUsdPerKwh'])
    for (let s = 80; s < 140; s += 20) at(s, price(), other)
    expect(at(140, price(), other)).toEqual(['resolved btcUsd'])
    expect(engine.firing().map((a) => a.subject.quote)).toEqual(['energyUsdPerKwh'])
  })
})
