import { beforeEach, describe, expect, it } from 'vitest'
import { MINUTE_MS } from '../../../protocol/units.ts'
import { batch, LedgerRig, record, T0 } from '../ledger-rig.ts'
import { MemoryStore } from '../memory-store.ts'

describe('the record writer', () => {
  let store: MemoryStore
  let rig: LedgerRig
  beforeEach(async () => {
    store = new MemoryStore()
    rig = await new LedgerRig(store).start()
    return () => rig.stop()
  })

  it('stores a batch, then acknowledges it, and pays its work to the nano-dollar', async () => {
    expect(await rig.take(batch(1, [record(0), record(0, 'meter')]))).toEqual({ epoch: 7, seq: 2 })
    await rig.settleAll()
    // 1e6 shares of 3.125 BTC x 100,000 USD / 1e14, less 2 %; 180 kJ are 0.05 kWh at 0.05 USD
    expect(store.sums()).toMatchObject({
      mining: { energyMilliJ: 180_000_000, revenueNanoUsd: 3_062_500, costNanoUsd: 2_500_000, intervals: 1 },
      overhead: { energyMilliJ: 20_000_000, costNanoUsd: 277_778 },
    })
  })

  it('takes a second copy of anything, and a part of anything, as nothing new', async () => {
    await rig.take(batch(1, [record(0), record(1)]))
    expect(await rig.take(batch(1, [record(0), record(1)]))).toMatchObject({ seq: 2 })
    expect(await rig.take(batch(2, [record(1), record(2)]))).toMatchObject({ seq: 3 })
    expect(store.records.size).toBe(3)
  })

  it('asks for what was lost on the way, and stores nothing out of order', async () => {
    await rig.take(batch(1, [record(0)]))
    expect(await rig.take(batch(3, [record(2)]))).toMatchObject({ seq: 1, resend: true })
    expect(store.records.size).toBe(1)
  })

  it('goes on, and counts what the agent has deleted and reports no loss of: the database had it, from when to when', async () => {
    await rig.take(batch(1, [record(0)]))
    expect(await rig.take(batch(5, [record(4)], { oldestSeq: 5 }))).toMatchObject({ seq: 5 })
    const [fromMs, toMs] = [record(0).startMs, record(4).startMs]
    const loss = { agentId: 'a', epoch: 7, seq: 5, records: 3, atMs: rig.nowMs, fromMs, toMs }
    expect(rig.records.losses).toEqual([
      {
        ...loss,
        cause: expect.stringMatching(/^the database lost them, or was put back to an earlier state/),
      },
    ])
    expect(store.lost).toEqual(rig.records.losses)
  })

  it('goes on, and counts as the spool’s what the agent reports', async () => {
    await rig.take(batch(1, [record(0)]))
    const gaps = [{ records: 3, fromMs: record(1).startMs, toMs: record(4).startMs }]
    await rig.take(batch(5, [record(4)], { oldestSeq: 5, gaps }))
    expect(rig.records.losses).toEqual([{ agentId: 'a', epoch: 7, seq: 5, atMs: rig.nowMs, ...gaps[0] }])
  })

  it('keeps the time of what a spool dropped, once, however often the agent tells of it', async () => {
    await rig.take(batch(1, [record(0)]))
    const gaps = [
      { fromMs: T0, toMs: T0 + MINUTE_MS, records: 2 },
      { fromMs: T0 + MINUTE_MS, toMs: T0 + 3 * MINUTE_MS, records: 1 },
    ]
    const after = batch(5, [record(4)], { oldestSeq: 5, gaps })
    await rig.take(after)
    await rig.take(after)
    expect(store.lost).toMatchObject([{ records: 3, fromMs: T0, toMs: T0 + 3 * MINUTE_MS }])
  })

  it('counts what an agent lost before its first batch of a new life', async () => {
    const gaps = [{ fromMs: T0, toMs: T0 + MINUTE_MS, records: 40 }]
    await rig.take(batch(41, [record(1)], { oldestSeq: 41, gaps }))
    expect(store.lost).toMatchObject([{ seq: 41, records: 40, fromMs: T0 }])
  })

  it('begins where the agent’s spool begins when it knows nothing of the agent', async () => {
    expect(await rig.take(batch(502, [record(1)], { oldestSeq: 501 }))).toMatchObject({
      seq: 500,
      resend: true,
    })
    expect(await rig.take(batch(501, [record(0)], { oldestSeq: 501 }))).toMatchObject({ seq: 501 })
    expect(rig.records.losses).toEqual([])
  })

  it('tells an agent whose clock went back that a later epoch of it is stored', async () => {
    await rig.take(batch(1, [record(0)]))
    expect(await rig.take(batch(1, [record(1)], { epoch: 3 }))).toMatchObject({ epoch: 7, seq: 1 })
    expect(store.records.size).toBe(1)
  })

  it('acknowledges nothing while the store fails, and takes the same batch afterwards', async () => {
    store.failure = new Error('disk full')
    expect(await rig.take(batch(1, [record(0)]))).toBeUndefined()
    store.failure = undefined
    expect(await rig.take(batch(1, [record(0)]))).toMatchObject({ seq: 1 })
  })

  it('does not acknowledge what is only from the future, and takes it once its time has come', async () => {
    const early = batch(1, [record(5), record(70), record(6)])
    expect(await rig.take(early)).toEqual({
      epoch: 7,
      seq: 1,
      held: expect.stringContaining('one of the two clocks'),
    })
    expect(await rig.take(batch(2, [record(70), record(6)]))).toMatchObject({
      seq: 1,
      held: expect.any(String),
    })
    expect(store.records.size).toBe(1)
    rig.nowMs += 60 * MINUTE_MS
    expect(await rig.take(early)).toEqual({ epoch: 7, seq: 3 })
    expect(store.records.size).toBe(3)
    expect(rig.aside).toEqual([])
  })

  it('puts a record of the future aside whose agent’s clock agrees now, takes what is behind it, and takes it in by a shift', async () => {
    const early = batch(1, [record(5), record(70), record(6)])
    const sentAtMs = rig.nowMs - 3_000
    const [answer] = await rig.records.takeAll([{ agentId: 'a', batch: early, sentAtMs }])
    expect(answer).toMatchObject({ seq: 3, quarantined: expect.stringContaining('from the future') })
    expect(answer?.held).toBeUndefined()
    expect(await store.held({}, 10)).toMatchObject([
      { kind: 'quarantine', check: 'from-future', state: 'open', record: { startMs: record(70).startMs } },
    ])
    // the newest record of the agent is not the one that no clock has reached
    expect(rig.records.markOf('a')?.newestMs).toBe(record(6).startMs)
    await rig.settleAll()
    expect(store.sums()['mining']).toMatchObject({ intervals: 2 })
  })

  it('leaves a record of the future to its agent while the clocks don’t agree, or may not', async () => {
    const early = batch(1, [record(70), record(6)])
    const send = async (aheadMs: number) => {
      const [answer] = await rig.records.takeAll([
        { agentId: 'a', batch: early, sentAtMs: rig.nowMs + aheadMs },
      ])
      return answer
    }
    expect(await send(64 * MINUTE_MS)).toMatchObject({ seq: 0, held: expect.any(String) })
    rig.clockInDoubt = true
    expect(await send(0)).toMatchObject({ seq: 0, held: expect.any(String) })
    expect(store.records.size).toBe(0)
  })

  it('keeps a record older than the retention apart: stored, held, in no sum', async () => {
    const old = record(-60 * 24 * 31)
    expect(await rig.take(batch(1, [old, record(5)]))).toMatchObject({
      seq: 2,
      quarantined: expect.stringContaining('older than the retention'),
    })
    expect(await store.held({}, 10)).toMatchObject([
      { kind: 'quarantine', check: 'too-old', state: 'open', record: { startMs: old.startMs } },
    ])
    await rig.settleAll()
    expect(store.sums()['mining']).toMatchObject({ intervals: 1 })
  })

  it('finds no record too old while its own clock may be wrong', async () => {
    rig.clockInDoubt = true
    expect(await rig.take(batch(1, [record(-60 * 24 * 31), record(5)]))).toMatchObject({
      seq: 0,
      held: expect.any(String),
    })
    expect(store.records.size).toBe(0)
    rig.clockInDoubt = false
    expect(await rig.take(batch(1, [record(-60 * 24 * 31), record(5)]))).toMatchObject({ seq: 2 })
  })

  it('passes over a batch that cannot be read', async () => {
    const unreadable = { records: 4, reason: 'ids[0]: expected a name' }
    expect(await rig.records.takeAll([{ agentId: 'a', batch: batch(1, []), unreadable }])).toEqual([
      { epoch: 7, seq: 4, quarantined: 'ids[0]: expected a name' },
    ])
    expect(await rig.take(batch(5, [record(0)]))).toMatchObject({ seq: 5 })
    // its records are missing, like lost ones
    const cause = 'they can’t be read: ids[0]: expected a name'
    expect(store.lost).toEqual([{ agentId: 'a', epoch: 7, seq: 5, records: 4, atMs: rig.nowMs, cause }])
  })

  it('takes the batches of many agents, and several of one, in one transaction', async () => {
    const deliveries = ['a', 'b', 'a', 'c', 'a'].map((agentId, i) => ({
      agentId,
      batch: batch(agentId === 'a' ? i / 2 + 1 : 1, [record(i)]),
    }))
    expect(await rig.records.takeAll(deliveries)).toMatchObject([1, 1, 2, 1, 3].map((seq) => ({ seq })))
    expect(store.appends).toBe(1)
    expect(store.records.size).toBe(5)
  })

  it('answers nothing about a batch that follows on one that could not be stored', async () => {
    store.failure = new Error('disk full')
    const twice = [batch(1, [record(0)]), batch(1, [record(0)])].map((b) => ({ agentId: 'a', batch: b }))
    expect(await rig.records.takeAll(twice)).toEqual([undefined, undefined])
    store.failure = undefined
    expect(await rig.take(batch(1, [record(0)]))).toMatchObject({ seq: 1 })
  })

  it('puts aside what the store refuses, takes what came with it, and lets its agent go on', async () => {
    store.refuses = 'bad'
    const deliveries = [
      { agentId: 'a', batch: batch(1, [record(0)]) },
      { agentId: 'b', batch: batch(1, [record(0, 'bad')]) },
      { agentId: 'b', batch: batch(2, [record(1)]) },
      { agentId: 'c', batch: batch(1, [record(0)]) },
    ]
    expect(await rig.records.takeAll(deliveries)).toMatchObject([1, 1, 2, 1].map((seq) => ({ seq })))
    expect(store.records.size).toBe(3)
    expect(rig.aside).toMatchObject([{ agentId: 'b', reason: expect.stringContaining('is refused') }])
    expect(store.lost).toMatchObject([{ agentId: 'b', records: 1 }])
    // kept over a restart: the agent has forgotten what was acknowledged
    expect(store.marks.get('b')).toMatchObject({ epoch: 7, seq: 2 })
  })

  it('puts aside only the one record of a batch that the store refuses', async () => {
    store.refuses = 'bad'
    const many = Array.from({ length: 40 }, (_, i) => record(i % 9, i === 17 ? 'bad' : `rig${i}`))
    expect(await rig.take(batch(1, many))).toMatchObject({ seq: 40 })
    expect(store.records.size).toBe(39)
    expect(rig.aside).toMatchObject([
      {
        agentId: 'a',
        reason: expect.stringContaining('is refused'),
        payload: expect.stringContaining('bad'),
      },
    ])
    expect(store.marks.get('a')).toMatchObject({ epoch: 7, seq: 40 })
    // it is in no sum, and said to be missing
    expect(store.lost).toMatchObject([
      { agentId: 'a', records: 1, cause: expect.stringContaining('the store refuses them') },
    ])
  })

  it('acknowledges nothing while the store refuses every record', async () => {
    store.refuses = 'bad'
    expect(await rig.take(batch(1, [record(0, 'bad'), record(1, 'bad')]))).toBeUndefined()
    expect([store.records.size, rig.aside]).toEqual([0, []])
    store.refuses = undefined
    expect(await rig.take(batch(1, [record(0, 'bad'), record(1, 'bad')]))).toMatchObject({ seq: 2 })
    expect(store.records.size).toBe(2)
  })

  it('puts records aside once, when the rest of their batch is stored', async () => {
    store.failure = new Error('disk full')
    const old = record(-60 * 24 * 31)
    await rig.take(batch(1, [old, record(5)]))
    expect(await store.held({}, 10)).toEqual([])
    store.failure = undefined
    await rig.take(batch(1, [old, record(5)]))
    await rig.take(batch(1, [old, record(5)]))
    expect(await store.held({}, 10)).toHaveLength(1)
  })
})
