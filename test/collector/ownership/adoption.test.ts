import { beforeEach, describe, expect, it } from 'vitest'
import { ClaimQueries } from '../../../collector/ownership/claim-queries.ts'
import type { Device } from '../../../protocol/device.ts'
import type { Interval } from '../../../protocol/interval.ts'
import { MINUTE_MS } from '../../../protocol/units.ts'
import { eventually } from '../../eventually.ts'
import { batch, record, T0 } from '../ledger-rig.ts'
import { MemoryStore } from '../memory-store.ts'
import { OwnersRig } from './owners-rig.ts'

const at = (minute: number) => T0 + minute * MINUTE_MS
const iso = (minute: number) => new Date(at(minute)).toISOString()

describe('an adopted device', () => {
  let store: MemoryStore
  let rig: OwnersRig
  beforeEach(async () => {
    store = new MemoryStore()
    rig = await new OwnersRig(store).start()
    return () => rig.stop()
  })
  const take = (agentId: string, firstSeq: number, ...records: Interval[]) =>
    rig.ledger.take(batch(firstSeq, records), agentId)
  const span = (from: number, to: number, deviceId = 'rig1', more: Partial<Interval> = {}) =>
    Array.from({ length: to - from }, (_, i) => record(from + i, deviceId, more))
  /** [minute, agent] of every record that is in the ledger, in order */
  const paid = () =>
    store.rows
      .filter((r) => r.workload === 'mining')
      .map((r): [number, string] => [(r.minuteMs - T0) / MINUTE_MS, r.agentId])
      .sort(([a], [b]) => a - b)
  const queries = () => new ClaimQueries({ store, register: rig.register, adoption: rig.adoption })

  it('is the new agent’s from where the records of the old one end, to the minute, with what was recorded since', async () => {
    await take('old', 1, ...span(0, 3))
    await take('new', 1, ...span(2, 7))
    await rig.ledger.settleAll()
    expect(await queries().claims()).toEqual([
      {
        agentId: 'new',
        deviceId: 'rig1',
        owner: { agentId: 'old', deviceId: 'rig1' },
        because: 'the name rig1',
        claimedAt: iso(10),
        waiting: { records: 5, from: iso(2), to: iso(7) },
      },
    ])
    const adoption = await rig.adopt('new')
    expect(adoption).toMatchObject({
      by: 'ann',
      reason: 'new host',
      done: true,
      moves: [{ from: { agentId: 'old' }, to: { agentId: 'new' }, fromMs: at(3) }],
    })
    expect(paid()).toEqual([
      [0, 'old'],
      [1, 'old'],
      [2, 'old'],
      [3, 'new'],
      [4, 'new'],
      [5, 'new'],
      [6, 'new'],
    ])
    expect(await queries().claims()).toMatchObject([{ agentId: 'old', owner: { agentId: 'new' } }])
    expect(await store.held({ state: 'open' }, 9)).toEqual([])
  })

  it('is adopted by one of two people who do it at one moment: and the other one learns that nothing is put aside', async () => {
    await take('old', 1, ...span(0, 2))
    await take('new', 1, ...span(2, 4))
    const both = await Promise.allSettled([rig.adopt('new'), rig.adopt('new', { by: 'ben' })])
    expect(both.map(({ status }) => status)).toEqual(['fulfilled', 'rejected'])
    expect(both[1]).toMatchObject({ reason: { code: 'nothing-put-aside' } })
    expect(await store.adoptions(9)).toMatchObject([{ by: 'ann', done: true }])
    expect(paid().map(([, agent]) => agent)).toEqual(['old', 'old', 'new', 'new'])
  })

  it('takes no minute twice where the old one stopped within it', async () => {
    await take('old', 1, record(0), record(1, 'rig1', { durationMs: 20_000, coveredMs: 20_000 }))
    await take('new', 1, ...span(1, 4))
    await rig.adopt('new')
    expect(paid()).toEqual([
      [0, 'old'],
      [1, 'old'],
      [2, 'new'],
      [3, 'new'],
    ])
  })

  it('stays adopted: late records of the old agent from before count, those from after do not', async () => {
    await take('old', 1, record(0))
    await take('new', 1, ...span(3, 6))
    await rig.adopt('new', { fromMs: at(3) })
    rig = await rig.restart()
    await take('old', 2, record(1), record(2), record(3), record(4))
    await take('new', 4, record(6))
    await rig.ledger.settleAll()
    expect(paid()).toEqual([
      [0, 'old'],
      [1, 'old'],
      [2, 'old'],
      [3, 'new'],
      [4, 'new'],
      [5, 'new'],
      [6, 'new'],
    ])
  })

  it('from a minute in the past takes back what the old one was paid since, and keeps the old figures in the audit', async () => {
    await take('old', 1, ...span(0, 6))
    await take('new', 1, ...span(1, 6, 'rig1', { workDiff1: 500_000 }))
    await rig.ledger.settleAll()
    await rig.adopt('new', { fromMs: at(4) + 30_000 })
    expect(paid().map(([, agent]) => agent)).toEqual(['old', 'old', 'old', 'old', 'new', 'new'])
    expect(store.sums()['mining']).toMatchObject({ workDiff1: 5_000_000, intervals: 6 })
    const decided = await store.repricings()
    expect(decided.every((r) => r.by === 'ann' && r.reason === 'new host')).toBe(true)
  })

  it('can be given back, and taken again, and each minute is still paid once', async () => {
    await take('old', 1, ...span(0, 8))
    await take('new', 1, ...span(1, 8))
    await rig.adopt('new', { fromMs: at(2) })
    await rig.adopt('old', { fromMs: at(4) })
    await rig.adopt('new', { fromMs: at(6) })
    expect(paid().map(([, agent]) => agent)).toEqual(['old', 'old', 'new', 'new', 'old', 'old', 'new', 'new'])
    expect((await queries().adoptions(9)).map((a) => a.moves[0]?.since)).toEqual([iso(6), iso(4), iso(2)])
  })

  it('is every device of the new agent, by one act, or those that are named', async () => {
    const gpu = (n: number): Device => ({ deviceId: `node/gpu${n}`, kind: 'gpu', driver: 'dcgm' })
    rig.hear('old', [gpu(0), gpu(1)])
    rig.hear('new', [gpu(0), gpu(1)])
    await take('old', 1, record(0), record(0, 'node/gpu0'), record(0, 'node/gpu1'))
    await take('new', 1, record(1), record(1, 'node/gpu0'), record(1, 'node/gpu1'))
    await rig.ledger.settleAll()
    expect((await rig.adopt('new', { devices: ['node'] })).moves).toHaveLength(2)
    expect((await queries().claims()).filter((c) => c.agentId === 'new').map((c) => c.deviceId)).toEqual([
      'rig1',
    ])
    expect((await rig.adopt('new', { ownerAgentId: 'old' })).moves).toHaveLength(1)
    expect((await queries().claims()).every((c) => c.agentId === 'old')).toBe(true)
  })

  it('keeps the identity of the old one: a third name of the same machine is put aside, too', async () => {
    rig.hear('old', [{ deviceId: 'rig1', kind: 'asic', driver: 'antminer', hardwareId: '02AB5E00000C' }])
    await take('old', 1, record(0))
    await take('new', 1, record(1))
    await rig.adopt('new')
    rig.hear('third', [{ deviceId: 'x', kind: 'asic', driver: 'cgminer', mac: '02:AB:5E:00:00:0C' }])
    await take('third', 1, record(2, 'x'))
    await take('new', 2, record(2))
    await rig.ledger.settleAll()
    expect(store.rows.map((r) => r.deviceId)).toEqual(['rig1', 'rig1', 'rig1'])
  })

  it('that is a machine of its own is set apart: all that was recorded counts', async () => {
    await take('old', 1, ...span(0, 3))
    await take('new', 1, ...span(1, 3))
    await rig.ledger.settleAll()
    const { moves } = await rig.adopt('new', { kind: 'apart' })
    expect(moves).toMatchObject([{ from: { agentId: 'old' }, to: { agentId: 'new' } }])
    rig = await rig.restart()
    await take('new', 3, record(3))
    await rig.ledger.settleAll()
    expect(store.sums()['mining']).toMatchObject({ intervals: 6 })
    expect(await queries().claims()).toEqual([])
  })

  it('is decided by adoption alone: a decision about held records in general leaves claims as they are', async () => {
    await take('old', 1, ...span(0, 2))
    await take('new', 1, ...span(1, 3))
    await rig.ledger.settleAll()
    const by = { by: 'ann', reason: 'all of them' }
    expect(await rig.ledger.repricer.decide({ verdict: 'accepted', filter: {}, ...by })).toBeUndefined()
    expect(
      await rig.ledger.repricer.decide({ verdict: 'accepted', filter: { kinds: ['claim'] }, ...by }),
    ).toBeUndefined()
    expect(paid()).toEqual([
      [0, 'old'],
      [1, 'old'],
    ])
  })

  it('is an error where nothing is put aside, with what to do', async () => {
    await take('old', 1, record(0))
    await expect(rig.adopt('new', { devices: ['rig1'] })).rejects.toThrow(
      'no device of agent new named rig1 is put aside; perwatt-collector devices lists what is',
    )
  })

  it('is adopted by the next start where the collector stopped half-way', async () => {
    await take('old', 1, ...span(0, 2))
    await take('new', 1, ...span(1, 4))
    await rig.ledger.settleAll()
    const failing = new Error('disk full')
    const { hold } = store
    const decide = store.decide.bind(store)
    store.decide = () => Promise.reject(failing)
    await expect(rig.adopt('new')).rejects.toThrow('disk full')
    store.decide = decide
    store.hold = hold
    rig = await rig.restart()
    await eventually(
      () => paid().map(([, agent]) => agent),
      (agents) => agents.length === 4,
    )
    expect(paid().map(([, agent]) => agent)).toEqual(['old', 'old', 'new', 'new'])
    expect((await store.adoptions(1))[0]?.done).toBe(true)
  })
})
