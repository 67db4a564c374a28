import { beforeEach, describe, expect, it } from 'vitest'
import type { IntervalBatch } from '../../../protocol/interval.ts'
import { MINUTE_MS } from '../../../protocol/units.ts'
import { batch, LedgerRig, record, T0 } from '../ledger-rig.ts'
import { MemoryStore } from '../memory-store.ts'

const FIRST = { epoch: T0, life: 'aaaaaaaa' }
const COPY = { epoch: T0 + 1, life: 'bbbbbbbb' }
const AGAIN = { epoch: T0 + 2, life: 'cccccccc' }

/** The counter grows by 100 a minute. */
const minute = (m: number, more = {}) => record(m, 'rig1', { workDiff1: 100, ...more })
const gap = { coveredMs: 0, recovered: true }

describe('two lives of one spool that record in turn', () => {
  let store: MemoryStore
  let rig: LedgerRig
  beforeEach(async () => {
    store = new MemoryStore()
    rig = await new LedgerRig(store).start()
    await rig.take(batch(1, [minute(0)], FIRST))
    return () => rig.stop()
  })
  const total = () => [...store.records.values()].reduce((sum, r) => sum + (r.workDiff1 ?? 0), 0)
  const takeAll = (batches: readonly IntervalBatch[]) =>
    rig.records.takeAll(batches.map((one) => ({ agentId: 'a', batch: one })))
  const copied = { ...COPY, after: [{ ...FIRST, seq: 1 }] }
  const returned = { ...AGAIN, oldestSeq: 2, after: [{ ...FIRST, seq: 1 }] }

  it('count each minute once, where their messages come in one turn', async () => {
    await takeAll([
      batch(2, [minute(1), minute(2)], { ...copied, oldestSeq: 2 }),
      batch(2, [minute(1, { workDiff1: 90 }), minute(2), minute(3, { workDiff1: 110 })], returned),
    ])
    expect(total()).toBe(400)
    expect(store.records.size).toBe(4)
  })

  it('are level where one returns by its numbers, wherever in time it books what the other stored', async () => {
    await rig.take(batch(2, [minute(1)], { ...copied, oldestSeq: 2 }))
    await rig.take(batch(2, [minute(1)], returned))
    const more = { epoch: T0 + 3, life: 'dddddddd', oldestSeq: 3, after: [{ ...COPY, seq: 2 }] }
    await rig.take(batch(3, [minute(2), minute(3)], more))
    // all that it missed is in one record, which tells of no gap
    const last = { epoch: T0 + 4, life: 'eeeeeeee', oldestSeq: 3, after: [{ ...AGAIN, seq: 2 }] }
    await rig.take(batch(3, [minute(4, { workDiff1: 300 })], last))
    expect(total()).toBe(500)
  })

  it('send nothing twice that is stored under the number of a life that returns', async () => {
    await rig.take(batch(2, [minute(1), minute(2)], { ...copied, oldestSeq: 2 }))
    await rig.take(batch(2, [minute(1), minute(2)], returned))
    // the copy has not heard that its records are stored, and begins a life with the same ones
    const more = { epoch: T0 + 3, life: 'dddddddd', oldestSeq: 2, after: [{ ...COPY, seq: 3 }] }
    expect(await rig.take(batch(2, [minute(1), minute(2), minute(3)], more))).toMatchObject({ seq: 4 })
    expect(total()).toBe(400)
    expect(store.records.size).toBe(4)
  })

  it('count nothing twice that is held: it is the ledger’s, whatever a person decides', async () => {
    const judges = [(_: string, r: { workDiff1?: number }) => (r.workDiff1 === 100 ? HOLD : undefined)]
    await rig.stop()
    rig = await new LedgerRig(store, undefined, judges).start()
    await rig.take(batch(2, [minute(1), minute(2)], { ...copied, oldestSeq: 2 }))
    await rig.take(
      batch(
        2,
        [1, 2, 3].map((m) => minute(m, { ...gap, workDiff1: 110 })),
        returned,
      ),
    )
    expect((await store.held({}, 10)).map(({ record: r }) => r.startMs)).toEqual([
      T0 + MINUTE_MS,
      T0 + 2 * MINUTE_MS,
    ])
    expect(total()).toBe(100 + 330)
  })

  it('go on after the collector was restarted', async () => {
    await rig.take(batch(2, [minute(1), minute(2, { workDiff1: 150 })], { ...copied, oldestSeq: 2 }))
    await rig.take(batch(2, [minute(1)], returned))
    await rig.stop()
    rig = await new LedgerRig(store).start()
    await rig.take(batch(3, [minute(2), minute(3)], { ...AGAIN, oldestSeq: 3 }))
    expect(total()).toBe(400)
  })
})

const HOLD = { kind: 'doubt', check: 'work', reason: 'too much' } as const
