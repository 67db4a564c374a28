import { beforeEach, describe, expect, it } from 'vitest'
import { MINUTE_MS } from '../../../protocol/units.ts'
import { eventually } from '../../eventually.ts'
import { batch, LedgerRig, record, T0 } from '../ledger-rig.ts'
import { MemoryStore } from '../memory-store.ts'

const GONE = expect.stringContaining('are gone from the database')

/** A minute was settled from the records of two devices, and the database has lost those of one since. */
describe('a minute that was settled from records that the database has lost', () => {
  let store: MemoryStore
  let rig: LedgerRig
  beforeEach(async () => {
    store = new MemoryStore()
    rig = await new LedgerRig(store).start()
    await rig.take(batch(1, [record(0), record(0, 'node/gpu0'), record(1), record(1, 'node/gpu0')]))
    await rig.settleAll()
    await rig.stop()
    for (const [key, { deviceId, startMs }] of store.records)
      if (deviceId === 'rig1' && startMs === T0) store.records.delete(key)
    return () => rig.stop()
  })
  const restarted = async () => {
    const { nowMs } = rig
    rig = new LedgerRig(store)
    rig.nowMs = nowMs
    await rig.start()
    await rig.settleAll()
  }

  it('stays as it was settled, through a restart', async () => {
    const before = store.sums()
    await restarted()
    expect(store.sums()).toEqual(before)
    expect(rig.settler.overdue).toBe(0)
  })

  it('is not made less by a late record or a repricing, and says why; its neighbour is priced again', async () => {
    const sumOf = (minute: number) =>
      store.rows
        .filter(({ minuteMs }) => minuteMs === T0 + minute * MINUTE_MS)
        .reduce((sum, { costNanoUsd }) => sum + costNanoUsd, 0)
    const [damaged, whole] = [sumOf(0), sumOf(1)]
    rig.settler.note([T0])
    await restarted()
    rig.settler.note([T0])
    await rig.settleAll()
    expect(sumOf(0)).toBe(damaged)
    expect(store.settled.get(T0)).toMatchObject({ revision: 1, causes: [{ why: GONE }] })

    const { id } = await rig.repricer.request({
      by: 'anna',
      reason: 'meter tariff was wrong',
      fromMs: T0,
      toMs: T0 + 2 * MINUTE_MS,
      presentRules: false,
      quotes: [{ name: 'energyUsdPerKwh', value: 0.1, unit: '', source: 'corrected by anna', fromMs: T0 }],
    })
    await eventually(
      () => store.repriced.get(id),
      (repricing) => repricing?.doneMs === repricing?.toMs,
    )
    expect([sumOf(0), sumOf(1)]).toEqual([damaged, 2 * whole])
    expect(store.changed.every(({ minuteMs }) => minuteMs !== T0)).toBe(true)
    expect(store.settled.get(T0)).toMatchObject({ revision: 1, causes: [{ why: GONE }] })
  })

  it('is settled again once its records are back, and without those that became doubtful or were rejected meanwhile', async () => {
    await rig.stop()
    await restarted()
    const { nowMs } = rig
    await rig.take(batch(5, [record(0)]))
    const kept = [...store.records.values()].find(
      ({ deviceId, startMs }) => deviceId === 'node/gpu0' && startMs === T0,
    )
    if (!kept) throw new Error('the record of the other device is there')
    const { agentId, deviceId, owner, startMs } = kept
    const why = { kind: 'doubt', check: 'energy', reason: 'too much', heldMs: nowMs } as const
    await store.hold([{ agentId, deviceId, owner, startMs, ...why }])
    rig.settler.note([T0])
    await rig.settleAll()
    expect(store.rows.filter(({ minuteMs }) => minuteMs === T0)).toMatchObject([{ deviceId: 'rig1' }])
  })
})
