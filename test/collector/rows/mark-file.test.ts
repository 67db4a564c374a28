import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import type { HighWater } from '../../../collector/plugin/store.ts'
import { lostMarks, MarkFile, takenAgainFrom } from '../../../collector/rows/mark-file.ts'
import { SILENT } from '../../../protocol/kit/log.ts'

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

describe('a mark file', () => {
  it('with any bit of it damaged says nothing wrong: it is told, and the next one is whole', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'perwatt-mark-'))
    const path = join(folder, 'ledger.mark.json')
    const marks = new Map<string, HighWater>([
      ['1', { life: FIRST, epoch: 7, seq: 40 }],
      ['hall', { epoch: 1_767_225_600_000, seq: 12, newestMs: 3 }],
    ])
    const file = new MarkFile(path, SILENT)
    await file.note({ marks, commits: 99 })
    await file.close()
    const whole = await readFile(path)
    for (let at = 0; at < whole.length; at++)
      for (const bit of [1, 4]) {
        const bytes = Buffer.from(whole)
        bytes[at] = (bytes[at] ?? 0) ^ bit
        await writeFile(path, bytes)
        const found = await new MarkFile(path, SILENT).read()
        // a name of a field that is another one, or its checksum's, is as good as none
        if (!found.damage) expect([...found.marks]).toEqual([...marks])
        else expect([found.marks.size, found.damage.what]).toEqual([0, expect.stringContaining(path)])
      }
    await file.note({ marks, commits: 100 })
    await file.note({ marks: new Map([...marks, ['new', { epoch: 1, seq: 1 }]]), commits: 101 })
    expect(await new MarkFile(path, SILENT).read()).toMatchObject({ commits: 101 })
    await rm(folder, { recursive: true })
  })
})
