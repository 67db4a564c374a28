import { expect, it } from 'vitest'
import type { Append, StoreWarning } from '../../../collector/plugin/store.ts'
import { LossCauses } from '../../../collector/store-keeping/loss-causes.ts'

const append = (agentId: string, seq: number, lost?: number): Append => ({
  agentId,
  mark: { epoch: 1, seq },
  records: [],
  ...(lost === undefined ? {} : { losses: [{ agentId, epoch: 1, seq: lost + 1, records: lost, atMs: 5 }] }),
})
const causesOf = (appends: readonly Append[]) => appends.flatMap((a) => a.losses ?? []).map((l) => l.cause)

it('the first loss of an agent after the database lost its records is the database’s, and no later one', () => {
  const warnings: StoreWarning[] = []
  const causes = new LossCauses(() => warnings)
  expect(causesOf(causes.of([append('a', 3, 2)]))).toEqual([undefined])
  warnings.push({ atMs: 1, what: 'emptied', cure: '', agents: ['a', 'b'] })
  const database = expect.stringContaining('the database lost them')
  // a batch that could not be stored comes again, with more
  for (const seq of [9, 10])
    expect(causesOf(causes.of([append('a', seq, 7), append('c', seq, 7)]))).toEqual([database, undefined])
  expect(causesOf(causes.of([append('a', 30, 20)]))).toEqual([undefined])
  // b still had everything
  causes.of([append('b', 4)])
  expect(causesOf(causes.of([append('b', 30, 20)]))).toEqual([undefined])
})
