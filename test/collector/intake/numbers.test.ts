import { beforeEach, describe, expect, it } from 'vitest'
import { numbersSituations } from '../../../collector/intake/numbers-situation.ts'
import { MINUTE_MS } from '../../../protocol/units.ts'
import { batch, LedgerRig, record, T0 } from '../ledger-rig.ts'
import { MemoryStore } from '../memory-store.ts'

const life = 'aaaaaaaa'
let store: MemoryStore
let rig: LedgerRig
beforeEach(async () => {
  store = new MemoryStore()
  rig = await new LedgerRig(store).start()
})
const situations = () => numbersSituations(rig.records, [], rig.nowMs)

describe('numbers that can’t be', () => {
  it('are refused, told and change nothing, so that the honest agent goes on', async () => {
    await rig.take(batch(1, [record(0)], { epoch: T0, life }))
    const forged = await rig.take(batch(1, [record(1)], { epoch: 2 ** 53 - 1 }))
    expect(forged).toMatchObject({ epoch: T0, life, seq: 1 })
    expect(forged?.latestEpoch).toBeGreaterThan(T0)
    expect(situations()).toMatchObject([{ agentId: 'a', kind: 'refused', reason: /later than/ }])
    expect(await rig.take(batch(2, [record(2)], { epoch: T0, life }))).toEqual({ epoch: T0, life, seq: 2 })
    expect([...store.records.values()].map((r) => r.startMs)).toEqual([0, 2].map((m) => T0 + m * MINUTE_MS))
    rig.nowMs += 5 * MINUTE_MS
    expect(situations()).toEqual([])
  })

  it('are not judged by a clock that others contradict: the agent waits, and is told nothing of its epoch', async () => {
    const rightMs = rig.nowMs
    rig.nowMs = 86_400_000
    rig.clockInDoubt = true
    const own = { epoch: T0, life }
    expect(await rig.take(batch(1, [record(0)], own))).toEqual({
      epoch: 0,
      seq: 0,
      held: expect.stringContaining("the collector's clock may be wrong"),
    })
    expect(await rig.take(batch(1, [record(0)], { epoch: 2 ** 53 - 1 }))).toMatchObject({
      latestEpoch: expect.any(Number),
    })
    rig.nowMs = rightMs
    rig.clockInDoubt = false
    expect(await rig.take(batch(1, [record(0)], own))).toEqual({ ...own, seq: 1 })
  })

  it('are no less honest where the first records were acknowledged while the agent read the batch', async () => {
    await rig.take(batch(1, [record(0), record(1)], { epoch: T0, life }))
    // its spool has trimmed records 1 and 2 by now, and the batch still begins with 1
    const late = batch(1, [record(0), record(1), record(2)], { epoch: T0, life, oldestSeq: 3 })
    expect(await rig.take(late)).toEqual({ epoch: T0, life, seq: 3 })
    // a collector that had lost the acknowledged ones takes them where they come again
    const again = batch(6, [record(5), record(6)], { epoch: T0, life, oldestSeq: 7 })
    expect(await rig.take(again)).toEqual({ epoch: T0, life, seq: 7 })
    expect(store.lost.map(({ records }) => records)).toEqual([2])
    expect(situations()).toMatchObject([{ kind: 'lost', records: 2 }])
  })

  it('never count more lost records than there can be', async () => {
    await rig.take(batch(1, [record(0)], { epoch: T0, life }))
    await rig.take(batch(5e9, [record(1)], { epoch: T0, life, oldestSeq: 5e9 }))
    expect(store.lost).toEqual([])
    expect(situations()).toMatchObject([{ kind: 'refused', reason: /would be missing/ }])
  })
})

describe('records that were lost before they could be taken', () => {
  it('are told for half a day, all of an agent together', async () => {
    const own = { epoch: T0, life }
    await rig.take(batch(1, [record(0)], own))
    const gap = (records: number) => ({ gaps: [{ records, fromMs: T0, toMs: T0 + MINUTE_MS }] })
    await rig.take(batch(5, [record(4)], { ...own, oldestSeq: 5, ...gap(3) }))
    await rig.take(batch(8, [record(7)], { ...own, oldestSeq: 8, ...gap(2) }))
    expect(situations()).toEqual([{ agentId: 'a', kind: 'lost', records: 5 }])
    rig.nowMs += 13 * 60 * MINUTE_MS
    expect(situations()).toEqual([])
  })
})

it('records that a database lost which was put back from a backup are not blamed on the agent’s spool', async () => {
  const own = { epoch: T0, life }
  await rig.take(batch(1, [record(0)], own))
  // the backup ends here; record 2 was acknowledged after it, and deleted by the agent
  await rig.take(batch(3, [record(2)], { ...own, oldestSeq: 3 }))
  expect(situations()).toEqual([
    { agentId: 'a', kind: 'lost', records: 1, reason: expect.stringMatching(/^the database lost them/) },
  ])
})

describe('a mark that can’t be, as an older version stored it', () => {
  beforeEach(async () => {
    store.marks.set('a', { epoch: 2 ** 53 - 1, seq: 1 })
    rig = await new LedgerRig(store).start()
  })

  it('acknowledges nothing and says what mends it', async () => {
    expect(await rig.take(batch(1, [record(0)], { epoch: T0, life }))).toMatchObject({ epoch: 0, seq: 0 })
    expect(store.records.size).toBe(0)
    expect(situations()).toMatchObject([{ kind: 'refused', reason: /perwatt-collector agents reset/ }])
  })

  it('is put back by a person, who is kept with the reason, and the agent goes on', async () => {
    await rig.take(batch(1, [record(0)], { epoch: T0, life }))
    await rig.records.reset('a', { by: 'Anna', reason: 'a forged batch' })
    expect(situations()).toEqual([])
    expect(await rig.take(batch(1, [record(0)], { epoch: T0, life }))).toEqual({ epoch: T0, life, seq: 1 })
    expect(store.lost).toMatchObject([
      { agentId: 'a', kind: 'reset', records: 0, cause: expect.stringContaining('by Anna: a forged batch') },
    ])
    expect(store.records.size).toBe(1)
  })
})

it('a reset of a healthy agent loses and doubles nothing', async () => {
  await rig.take(batch(1, [record(0), record(1)], { epoch: T0, life }))
  await rig.records.reset('a', { by: 'Anna', reason: 'to try it' })
  await rig.take(batch(2, [record(1), record(2)], { epoch: T0, life, oldestSeq: 2 }))
  expect(store.records.size).toBe(3)
  expect(store.lost.map((loss) => [loss.kind, loss.records])).toEqual([['reset', 0]])
})

it('two people who reset an agent at one moment both stand in the book of losses, in their order', async () => {
  await rig.take(batch(1, [record(0)], { epoch: T0, life }))
  const both = ['Anna', 'Ben'].map((by) => rig.records.reset('a', { by, reason: 'a forged batch' }))
  const [first, second] = await Promise.all(both)
  expect(second?.atMs).toBeGreaterThan(first?.atMs ?? Number.POSITIVE_INFINITY)
  expect(new Set([first?.seq, second?.seq]).size).toBe(2)
  expect(rig.records.losses.map(({ cause }) => cause)).toEqual([
    expect.stringContaining('by Ben'),
    expect.stringContaining('by Anna'),
  ])
})

describe('a spool that went back', () => {
  const after = [{ epoch: T0, life, seq: 1 }]
  it('is told, with how many minutes may be missing, for 12 hours', async () => {
    await rig.take(batch(1, [record(0), record(1), record(2)], { epoch: T0, life }))
    rig.nowMs = T0 + 7 * MINUTE_MS
    const restored = { epoch: T0 + 6 * MINUTE_MS, life: 'bbbbbbbb', after, oldestSeq: 2 }
    await rig.take(batch(2, [record(6)], restored))
    expect(situations()).toEqual([{ agentId: 'a', kind: 'went-back', records: 3 }])
    expect(store.lost).toMatchObject([
      { kind: 'went-back', records: 3, fromMs: T0 + 3 * MINUTE_MS, toMs: T0 + 6 * MINUTE_MS },
    ])
    rig.nowMs += 13 * 60 * MINUTE_MS
    expect(situations()).toEqual([])
  })

  it('keeps what is open of it while the collector is restarted', async () => {
    await rig.take(batch(1, [record(0), record(1, 'rig1', { workDiff1: 700 })], { epoch: T0, life }))
    rig.nowMs = T0 + 4 * MINUTE_MS
    const recovered = (minute: number) =>
      record(minute, 'rig1', { workDiff1: 400, coveredMs: 0, recovered: true })
    const restored = { epoch: T0 + 3 * MINUTE_MS, life: 'bbbbbbbb', after, oldestSeq: 2 }
    await rig.take(batch(2, [recovered(1)], restored))
    const next = await new LedgerRig(store).start()
    next.nowMs = rig.nowMs
    await next.take(batch(3, [recovered(2), record(3)], restored))
    const work = [...store.records.values()].map((r) => r.workDiff1)
    expect(work).toEqual([1_000_000, 700, 100, 1_000_000])
  })

  it('says nothing where its records are the stored ones', async () => {
    await rig.take(batch(1, [record(0), record(1)], { epoch: T0, life }))
    await rig.take(batch(2, [record(1), record(2)], { epoch: T0 + 1, life: 'bbbbbbbb', after, oldestSeq: 2 }))
    expect(store.lost).toEqual([])
    expect(store.records.size).toBe(3)
  })
})

it('a record that has to wait leaves the mark in its life, and the answer names none', async () => {
  await rig.take(batch(1, [record(0)], { epoch: T0, life }))
  const next = { epoch: T0 + 1, life: 'bbbbbbbb', after: [{ epoch: T0, life, seq: 1 }] }
  const waits = { epoch: T0 + 1, seq: 1, held: expect.any(String) }
  expect(await rig.take(batch(2, [record(500)], { ...next, oldestSeq: 2 }))).toEqual(waits)
  expect(store.marks.get('a')).toMatchObject({ epoch: T0, life, seq: 1 })
  // it asks for the time, and names no ancestors
  const asks = batch(1, [], { epoch: T0 + 1, life: 'bbbbbbbb' })
  expect(await rig.take(asks)).toEqual({ epoch: T0 + 1, life: 'bbbbbbbb', seq: 0 })
  rig.nowMs += 500 * MINUTE_MS
  expect(await rig.take(batch(2, [record(500)], { ...next, oldestSeq: 2 }))).toMatchObject({ seq: 2 })
  expect(store.lost).toEqual([])
})
