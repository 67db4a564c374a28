import fc from 'fast-check'
import { expect, test } from 'vitest'
import { beyondRow, withinRow } from '../../../collector/economics/row-limits.ts'
import { INTERVAL_QUANTITIES } from '../../../protocol/interval.ts'
import { record } from '../ledger-rig.ts'

test('a record of any real size is itself: a minute of a gigawatt, or of a whole pool’s miners behind one proxy', () => {
  for (const one of [record(0, 'meter', { energyMilliJ: 6e13 }), record(0, 'proxy', { workDiff1: 2e13 })])
    expect(withinRow(one)).toBe(one)
})

test('what no row can hold is left out of it, and the rest is as it was (property)', () =>
  fc.assert(
    fc.property(
      fc.subarray([...INTERVAL_QUANTITIES]),
      fc.subarray([...INTERVAL_QUANTITIES]),
      (small, large) => {
        const { workDiff1: _, energyMilliJ: __, ...bare } = record(0, 'm')
        const rest = Object.fromEntries(
          small.filter((name) => !large.includes(name)).map((name) => [name, 7]),
        )
        const wild = Object.fromEntries(large.map((name) => [name, Number.MAX_SAFE_INTEGER]))
        expect(withinRow({ ...bare, ...rest, ...wild })).toEqual({ ...bare, ...rest })
        expect(beyondRow({ ...bare, ...rest, ...wild }).map(({ name }) => name)).toEqual(
          expect.arrayContaining(large),
        )
      },
    ),
  ))

test('a covered time beyond it is the record’s own', () => {
  expect(withinRow(record(0, 'm', { coveredMs: 9e15 })).coveredMs).toBe(60_000)
})
