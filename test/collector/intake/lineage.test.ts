import { describe, expect, it } from 'vitest'
import { illegalNumbers, latestEpochAt } from '../../../collector/intake/legal-numbers.ts'
import { lineageOf } from '../../../collector/intake/lineage.ts'
import { HIGHEST_SEQ, LATEST_EPOCH } from '../../../protocol/spool-life.ts'

const [A, B, C] = ['aaaaaaaa', 'bbbbbbbb', 'cccccccc'] as const
const T0 = Date.UTC(2026, 0, 1)

describe('the lineage of a batch', () => {
  it.each([
    ['an agent without a mark', { epoch: 5, life: A }, undefined, { kind: 'first' }],
    [
      'the life that the mark is in',
      { epoch: 5, life: A },
      { epoch: 5, life: A, seq: 9 },
      { kind: 'same', storedSeq: 9 },
    ],
    [
      'an older agent in its epoch',
      { epoch: 5 },
      { epoch: 5, life: A, seq: 9 },
      { kind: 'same', storedSeq: 9 },
    ],
    [
      'the next life, after all that is stored',
      { epoch: 6, life: B, after: [{ epoch: 5, life: A, seq: 9 }] },
      { epoch: 5, life: A, seq: 9 },
      { kind: 'continues', storedSeq: 9, commonSeq: 9 },
    ],
    [
      'a life after several that the collector never heard of',
      {
        epoch: 7,
        life: C,
        after: [
          { epoch: 5, life: A, seq: 9 },
          { epoch: 6, life: B, seq: 12 },
        ],
      },
      { epoch: 5, life: A, seq: 4 },
      { kind: 'continues', storedSeq: 4, commonSeq: 9 },
    ],
    [
      'the first life after an older version of the agent',
      { epoch: 6, life: B, after: [{ epoch: 5, seq: 9 }] },
      { epoch: 5, seq: 9 },
      { kind: 'continues', storedSeq: 9, commonSeq: 9 },
    ],
    [
      'a restored spool: the mark is beyond what it shares with its ancestor',
      { epoch: 6, life: B, after: [{ epoch: 5, life: A, seq: 9 }] },
      { epoch: 5, life: A, seq: 14 },
      { kind: 'went-back', storedSeq: 9 },
    ],
    [
      'a copy of the same epoch',
      { epoch: 5, life: B, after: [{ epoch: 4, life: C, seq: 9 }] },
      { epoch: 5, life: A, seq: 14 },
      { kind: 'behind' },
    ],
    [
      'a spool that never had the mark’s life',
      { epoch: 6, life: B, after: [{ epoch: 4, life: C, seq: 9 }] },
      { epoch: 5, life: A, seq: 14 },
      { kind: 'another-spool' },
    ],
    ['a life that ended', { epoch: 4, life: C }, { epoch: 5, life: A, seq: 1 }, { kind: 'behind' }],
    ['an older agent with a later epoch', { epoch: 6 }, { epoch: 5, seq: 1 }, { kind: 'first' }],
  ])('%s', (_, batch, mark, expected) => {
    expect(lineageOf(batch, mark)).toEqual(expected)
  })
})

describe('legal numbers', () => {
  const legal = { epoch: T0, firstSeq: 10, oldestSeq: 5 }
  it('takes those of an agent whose clock is years ahead, and of one that is years behind', () => {
    expect(illegalNumbers(legal, 500, T0)).toBeUndefined()
    expect(illegalNumbers({ ...legal, epoch: T0 + 500 * 86_400_000 }, 500, T0)).toBeUndefined()
    expect(illegalNumbers({ ...legal, epoch: 1 }, 500, T0)).toBeUndefined()
  })
  it.each([
    ['an epoch of 2^53 - 1', { epoch: 2 ** 53 - 1 }],
    ['an epoch of 2100', { epoch: Date.UTC(2100, 0) }],
    ['a number that no agent reaches', { firstSeq: HIGHEST_SEQ, oldestSeq: HIGHEST_SEQ }],
    ['more lost records than numbers', { gaps: [{ fromMs: 0, toMs: 1, records: 10 }] }],
  ])('refuses %s', (_, wrong) => {
    expect(illegalNumbers({ ...legal, ...wrong }, 500, T0)).toMatch(/\d/)
  })
  it('never takes an epoch that has no next one', () => {
    for (const nowMs of [-1, 0, T0, LATEST_EPOCH, Number.MAX_SAFE_INTEGER])
      expect(latestEpochAt(nowMs)).toBeLessThanOrEqual(LATEST_EPOCH)
  })
})
