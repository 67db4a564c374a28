import { describe, expect, it } from 'vitest'
import type { HighWater } from '../../../collector/plugin/store.ts'
import { lostMarks, takenAgainFrom } from '../../../collector/rows/mark-file.ts'

const [FIRST, SECOND] = ['aaaaaaaa', 'bbbbbbbb']
const again = (was: HighWater, is?: HighWater) =>
  takenAgainFrom(lostMarks(new Map([['hall', was]]), new Map(is ? [['hall', is]] : []))).map(
    ({ mark }) => mark,
  )

describe('a store that has less than its mark file says', () => {
  it('takes an agent’s records from the begin of its epoch where it knows nothing of the agent', () => {
    expect(again({ epoch: 7, life: FIRST, seq: 40, overlap: '{}' })).toEqual([
      { epoch: 7, life: FIRST, seq: 0, tally: '{"line":0,"earlier":0,"owed":0,"again":40}' },
    ])
  })

  it('goes on from its own mark where that is in the same life', () => {
    expect(again({ epoch: 7, life: FIRST, seq: 40 }, { epoch: 7, life: FIRST, seq: 31 })).toEqual([])
  })

  it('goes on from its own number in the later life, where the agent was started again since: the numbers follow each other', () => {
    expect(
      again(
        { epoch: 9, life: SECOND, seq: 40, newestMs: 5 },
        { epoch: 7, life: FIRST, seq: 31, newestMs: 3 },
      ),
    ).toEqual([{ epoch: 9, life: SECOND, seq: 31, newestMs: 3 }])
  })

  it('knows of no number where the spool went back meanwhile, or an older agent tells no life', () => {
    const is = { epoch: 7, life: FIRST, seq: 31 }
    expect(again({ epoch: 9, life: SECOND, seq: 40, overlap: '{}' }, is)).toEqual([])
    expect(again({ epoch: 9, life: SECOND, seq: 20 }, is)).toEqual([])
    expect(again({ epoch: 9, seq: 40 }, { epoch: 7, seq: 31 })).toEqual([])
  })
})
