import { beforeEach, describe, expect, it } from 'vitest'
import type { Device } from '../../../protocol/device.ts'
import type { Interval } from '../../../protocol/interval.ts'
import { batch, record, TENANT } from '../ledger-rig.ts'
import { MemoryStore } from '../memory-store.ts'
import { OwnersRig } from './owners-rig.ts'

const host = (more: Partial<Device> = {}): Device => ({
  deviceId: 'node-7',
  kind: 'host',
  driver: 'foreign',
  ...more,
})
const gpu = (deviceId: string, more: Partial<Device> = {}): Device => ({
  deviceId,
  kind: 'gpu',
  driver: 'nvml',
  ...more,
})
const held = (minute: number, deviceId: string, gpus = 1): Interval =>
  record(minute, deviceId, { owner: TENANT, gpuMs: gpus * 60_000 })

describe('GPU time that a later agent tells', () => {
  let store: MemoryStore
  let rig: OwnersRig
  const seqs = new Map<string, number>()
  const begin = async () => {
    seqs.clear()
    store = new MemoryStore()
    rig = await new OwnersRig(store).start()
  }
  beforeEach(async () => {
    await begin()
    return () => rig.stop()
  })
  const hear = (agentId: string, ...devices: Device[]) => rig.hear(agentId, devices)
  const take = async (agentId: string, ...records: Interval[]) => {
    const firstSeq = seqs.get(agentId) ?? 1
    seqs.set(agentId, firstSeq + records.length)
    await rig.ledger.take(batch(firstSeq, records), agentId)
    await rig.ledger.settleAll()
  }
  /** paid GPU-minutes by agent and device */
  const paid = () => {
    const sums: Record<string, number> = {}
    for (const { workload, agentId, deviceId, gpuMs } of store.rows)
      if (workload === 'rental' && gpuMs > 0) {
        const key = `${agentId} ${deviceId}`
        sums[key] = (sums[key] ?? 0) + gpuMs / 60_000
      }
    return sums
  }

  it.each([
    ['host', host({ hostname: 'n7' }), 'node-7'],
    ['GPU', gpu('g3', { hostname: 'n7' }), 'g3'],
  ])(
    'stays with the %s that was first, however many GPUs a later agent tells of it, and however old the records',
    async (_of, first, deviceId) => {
      hear('a', first)
      await take('a', held(1, deviceId), held(2, deviceId))
      hear('b', host({ deviceId: 'bh', hostname: 'n7' }))
      await take('b', held(3, 'bh', 101), held(0, 'bh', 101), held(1, 'bh', 101))
      await take('a', held(3, deviceId))
      expect(paid()[`a ${deviceId}`]).toBe(3)
    },
  )

  it('of minutes before another agent told any is paid, though their records come after that', async () => {
    hear('a', host({ hostname: 'n7' }))
    hear('b', gpu('g3', { hostname: 'n7' }))
    await take('b', held(5, 'g3'))
    await take('a', held(1, 'node-7'), held(2, 'node-7'), held(6, 'node-7'))
    expect(paid()).toEqual({ 'a node-7': 2, 'b g3': 1 })
  })
})
