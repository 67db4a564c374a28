import { expect, it } from 'vitest'
import { BY_DATABASE } from '../../../collector/plugin/audit-store.ts'
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
  // its mark went too, so that its spool looked like another one
  const other = { agentId: 'd', epoch: 1, seq: 3, records: 2, atMs: 5, kind: 'another-spool' as const }
  warnings.push({ atMs: 2, what: 'shorter', cure: '', agents: ['d'] })
  const [told] = causes.of([{ ...append('d', 3), losses: [{ ...other, cause: 'another' }] }])
  expect(told?.losses).toEqual([{ agentId: 'd', epoch: 1, seq: 3, records: 2, atMs: 5, cause: database }])
  // b still had everything
  causes.of([append('b', 4)])
  expect(causesOf(causes.of([append('b', 30, 20)]))).toEqual([undefined])
})

it('what another collector acknowledged is not told as lost by the database, in the first batch of each agent after it served', () => {
  const warnings: StoreWarning[] = []
  const causes = new LossCauses(() => warnings)
  const unreported = (agentId: string, seq: number, cause?: string): Append => ({
    ...append(agentId, seq),
    losses: [{ agentId, epoch: 1, seq, records: 40, atMs: 5, ...(cause && { cause }) }],
  })
  causes.otherServed('host-b (10.0.4.3)')
  const other = expect.stringContaining('another collector, on host-b (10.0.4.3), acknowledged them')
  // a batch that could not be stored comes again; what an agent reports itself keeps its own cause
  for (const _ of [1, 2]) expect(causesOf(causes.of([unreported('a', 9, BY_DATABASE)]))).toEqual([other])
  expect(causesOf(causes.of([unreported('b', 9)]))).toEqual([undefined])
  expect(causesOf(causes.of([unreported('a', 60, BY_DATABASE)]))).toEqual([BY_DATABASE])
  // one that had everything loses later for another reason
  causes.of([append('c', 4)])
  expect(causesOf(causes.of([unreported('c', 60, BY_DATABASE)]))).toEqual([BY_DATABASE])
})
