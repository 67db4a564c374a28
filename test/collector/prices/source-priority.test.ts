import fc from 'fast-check'
import { expect, test } from 'vitest'
import { planned, type SourceQuotes } from '../../../collector/prices/source-priority.ts'
import type { Quote } from '../../../protocol/quote.ts'

const offer = fc.record({
  rank: fc.constantFrom<SourceQuotes['rank']>('pushed', 'feed', 'typed'),
  endKnown: fc.constant(true),
  quotes: fc
    .uniqueArray(
      fc.record({ fromMs: fc.nat(20), value: fc.nat(3), holdsMs: fc.option(fc.nat(15), { nil: undefined }) }),
      { selector: (q) => q.fromMs, maxLength: 4 },
    )
    .map((list) =>
      list
        .sort((a, b) => a.fromMs - b.fromMs)
        .map(
          ({ fromMs, value, holdsMs }): Quote => ({
            name: 'btcUsd',
            value,
            unit: '',
            source: '',
            fromMs,
            ...(holdsMs === undefined ? {} : { staleAfterMs: fromMs + holdsMs }),
          }),
        ),
    ),
})

test('what is planned ahead is what would be chosen at its time', () =>
  fc.assert(
    fc.property(fc.array(offer, { maxLength: 4 }), fc.nat(10), (offers, nowMs) => {
      const named = offers.map((o, i) => ({ ...o, quotes: o.quotes.map((q) => ({ ...q, source: `${i}` })) }))
      const plan = planned(named, nowMs)
      const withoutTime = (q: Quote | undefined) => q && { ...q, fromMs: 0 }
      for (let ms = nowMs; ms < 45; ms++) {
        const ahead = plan.findLast((q) => q.fromMs <= ms)
        const then = planned(named, ms).find((q) => q.fromMs <= ms)
        expect(withoutTime(ahead)).toEqual(withoutTime(then))
      }
    }),
  ))
