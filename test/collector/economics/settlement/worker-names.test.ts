import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { isClear, matchNames } from '../../../../collector/economics/settlement/worker-names.ts'

/** Users with what the list has for each: `user: entries`, and `a, b: entries` for those that can't be told apart. */
const matched = (users: string[], listed: string[]): string[] =>
  matchNames(
    users,
    listed.map((worker) => ({ worker })),
  ).map((m) => `${m.users.join(', ')}: ${m.credits.map((c) => c.worker).join(', ')}`)

describe('the name of a worker in a pool’s list', () => {
  test('is the whole name, or all that stands behind the account, dots and all', () => {
    expect(matched(['acme.rack1.07', 'acme.rig1'], ['acme.rack1.07', 'acme.rig1'])).toEqual([
      'acme.rack1.07: acme.rack1.07',
      'acme.rig1: acme.rig1',
    ])
    expect(matched(['acme.rack1.07', 'acme.rig1'], ['rack1.07', 'rig1'])).toEqual([
      'acme.rack1.07: rack1.07',
      'acme.rig1: rig1',
    ])
  })

  test.each([
    { listed: ['rack1.07'], rack: 'rack1.07', other: '' },
    { listed: ['rack1.07', '07'], rack: 'rack1.07', other: '07' },
    { listed: ['07'], rack: '', other: '07' },
    { listed: ['acme.rack1.07'], rack: 'acme.rack1.07', other: '' },
    { listed: ['rack2.07'], rack: '', other: '' },
  ])('in $listed rack1.07 is never taken for 07', ({ listed, rack, other }) => {
    expect(matched(['acme.rack1.07', 'acme.07'], listed)).toEqual([
      `acme.rack1.07: ${rack}`,
      `acme.07: ${other}`,
    ])
  })

  test('may have lost its capitals, and two that differ by capitals alone are then not told apart', () => {
    expect(matched(['acme.Case-1', 'acme.b'], ['case-1', 'B'])).toEqual(['acme.Case-1: case-1', 'acme.b: B'])
    expect(matched(['acme.Case-1', 'acme.case-1'], ['Case-1', 'case-1'])).toEqual([
      'acme.Case-1: Case-1',
      'acme.case-1: case-1',
    ])
    expect(matched(['acme.Case-1', 'acme.case-1'], ['case-1'])).toEqual(['acme.Case-1, acme.case-1: case-1'])
    expect(matched(['acme.CASE-1'], ['Case-1', 'case-1'])).toEqual(['acme.CASE-1: Case-1, case-1'])
  })

  test('is nobody’s alone where two accounts have a worker of the name, or the list has the name twice', () => {
    expect(matched(['acme.rig1', 'ajax.rig1'], ['rig1'])).toEqual(['acme.rig1, ajax.rig1: rig1'])
    expect(matched(['acme.rig1'], ['rig1', 'rig1'])).toEqual(['acme.rig1: rig1, rig1'])
    expect(matched(['acme.rig1'], ['rig1', 'acme.rig1'])).toEqual(['acme.rig1: acme.rig1, rig1'])
  })

  test('of another account is another worker', () => {
    expect(matched(['acme.rig1'], ['ajax.rig1'])).toEqual(['acme.rig1: '])
  })

  test('whatever the names, a clear match is the worker’s own entry, however the pool writes it', () => {
    const name = fc
      .array(fc.constantFrom('a', 'A', 'b', '.', 'acme', '07'), { minLength: 1, maxLength: 5 })
      .map((parts) => parts.join(''))
    const pools: ((worker: string) => string)[] = [
      (worker) => worker,
      (worker) => `acme.${worker}`,
      (worker) => worker.toLowerCase(),
      (worker) => `acme.${worker}`.toLowerCase(),
    ]
    const worker = fc.record({ name, isListed: fc.boolean() })
    const workers = fc.uniqueArray(worker, { selector: (w) => w.name, minLength: 1, maxLength: 12 })
    fc.assert(
      fc.property(workers, fc.constantFrom(...pools), (all, write) => {
        const credits = all
          .filter((w) => w.isListed)
          .map((w) => ({ worker: write(w.name), owner: `acme.${w.name}` }))
        const users = all.map((w) => `acme.${w.name}`)
        const matches = matchNames(users, credits)
        expect(matches.flatMap((m) => m.users).sort()).toEqual([...users].sort())
        for (const match of matches.filter(isClear))
          expect((match.credits[0] as { owner?: string }).owner).toBe(match.users[0])
        // and nobody who is listed seems to be missing from the list
        for (const { users, credits: own } of matches)
          if (own.length === 0) expect(credits.map((c) => c.owner)).not.toContain(users[0])
      }),
      { numRuns: 500 },
    )
  })
})
