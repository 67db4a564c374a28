import { expect, test } from 'vitest'
import { OpenHolds } from '../../../collector/doubts/open-holds.ts'
import { RecordWriter } from '../../../collector/intake/record-writer.ts'
import { SILENT } from '../../../protocol/kit/log.ts'
import { batch, record, T0 } from '../ledger-rig.ts'
import { MemoryStore } from '../memory-store.ts'

const hold = { kind: 'doubt' as const, check: 'work', reason: 'a, rig1: too much' }
const nowMs = () => T0 + 600_000

test('a record is judged once for each time that it comes, and who failed to store it is told', async () => {
  const store = new MemoryStore()
  const told: string[][] = []
  const judged: string[] = []
  const records = new RecordWriter({
    store,
    nowMs,
    log: SILENT,
    retentionMs: 1e12,
    quarantine: () => {},
    onStored: () => {},
    judges: [
      (agentId, { deviceId }) => {
        judged.push(`${agentId} ${deviceId}`)
        return deviceId === 'rig1' ? hold : undefined
      },
    ],
    onJudged: (failed) => told.push([...failed]),
  })
  await records.start()
  const deliveries = [{ agentId: 'a', batch: batch(1, [record(0), record(0, 'meter')]) }]
  store.failure = new Error('disk full')
  expect(await records.takeAll(deliveries)).toEqual([undefined])
  store.failure = undefined
  expect(await records.takeAll(deliveries)).toEqual([{ epoch: 7, seq: 2 }])
  expect(judged).toEqual(['a rig1', 'a meter', 'a rig1', 'a meter'])
  expect(told).toEqual([['a'], []])
  expect(await store.held({}, 9)).toMatchObject([{ ...hold, state: 'open', heldMs: nowMs() }])
  expect(await store.intervals(T0, T0 + 1)).toMatchObject([{ deviceId: 'meter' }])
})

test('what is open is told with its worth, and stays as it was while the store fails', async () => {
  const store = new MemoryStore()
  const holds = new OpenHolds(store, SILENT, nowMs)
  await holds.look()
  expect(holds.total).toBeUndefined()
  const { owner, startMs } = record(0)
  await store.append('a', { epoch: 1, seq: 1 }, [record(0)])
  await store.hold([{ ...hold, agentId: 'a', deviceId: 'rig1', owner, startMs, heldMs: 1 }])
  const back = { minuteMs: T0, workload: 'mining', kind: 'doubt' as const, records: 1 }
  await store.settle([T0], [], { heldBack: [{ ...back, revenueNanoUsd: 2_500_000_000, energyMilliJ: 5 }] })
  await holds.look()
  expect(holds.total).toEqual({ records: 1, devices: 1, revenueUsd: 2.5 })
  store.heldVersion++
  store.heldGroups = () => Promise.reject(new Error('away'))
  await holds.look()
  expect(holds.groups).toMatchObject([{ deviceId: 'rig1', records: 1 }])
})

test('is read when holds have changed, and else once in ten minutes, or each minute while something is held', async () => {
  const store = new MemoryStore()
  let atMs = T0
  let reads = 0
  const { heldGroups } = store
  store.heldGroups = (...query) => {
    reads++
    return heldGroups.apply(store, query)
  }
  const holds = new OpenHolds(store, SILENT, () => atMs)
  const after = async (ms: number) => {
    atMs += ms
    const before = reads
    await holds.look()
    return reads - before
  }
  expect([await after(0), await after(10_000), await after(10_000)]).toEqual([1, 0, 0])
  expect(await after(600_000)).toBe(1)
  const { owner, startMs } = record(0)
  await store.append('a', { epoch: 1, seq: 1 }, [record(0)])
  await store.hold([{ ...hold, agentId: 'a', deviceId: 'rig1', owner, startMs, heldMs: 1 }])
  expect([await after(10_000), await after(10_000), await after(50_000)]).toEqual([1, 0, 1])
  await store.settle([T0], [], {
    heldBack: [
      { minuteMs: T0, workload: 'mining', kind: 'doubt', records: 1, revenueNanoUsd: 1e9, energyMilliJ: 5 },
    ],
  })
  expect(await after(10_000)).toBe(1)
  expect(holds.total?.revenueUsd).toBe(1)
})

test('is read again at a take-over, whatever another collector did with it meanwhile', async () => {
  const store = new MemoryStore()
  const holds = new OpenHolds(store, SILENT, nowMs)
  await holds.start()
  const group = { ...hold, agentId: 'a', deviceId: 'rig9', records: 3, firstMs: T0, lastMs: T0 }
  store.heldGroups = async () => [{ ...group, state: 'open' }]
  await holds.look()
  expect(holds.groups).toEqual([])
  await holds.start()
  expect(holds.groups).toMatchObject([{ deviceId: 'rig9', records: 3 }])
  await holds.stop()
})
