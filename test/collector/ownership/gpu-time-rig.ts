import { beforeEach } from 'vitest'
import type { Device } from '../../../protocol/device.ts'
import type { Interval } from '../../../protocol/interval.ts'
import { batch, record, TENANT } from '../ledger-rig.ts'
import { MemoryStore } from '../memory-store.ts'
import { OwnersRig } from './owners-rig.ts'

export const host = (more: Partial<Device> = {}): Device => ({
  deviceId: 'node-7',
  kind: 'host',
  driver: 'foreign',
  ...more,
})
export const gpu = (deviceId: string, more: Partial<Device> = {}): Device => ({
  deviceId,
  kind: 'gpu',
  driver: 'nvml',
  ...more,
})
export const held = (minute: number, deviceId: string, gpus = 1): Interval =>
  record(minute, deviceId, { owner: TENANT, gpuMs: gpus * 60_000 })

/** Agents that tell GPU time of machines, and what is paid for it; started again before each test. */
export class GpuTimeRig {
  store = new MemoryStore()
  rig = new OwnersRig(this.store)
  readonly #seqs = new Map<string, number>()

  /** Within a `describe`. */
  static beforeEach(): GpuTimeRig {
    const site = new GpuTimeRig()
    beforeEach(async () => {
      await site.begin()
      return () => site.rig.stop()
    })
    return site
  }

  async begin(): Promise<void> {
    this.#seqs.clear()
    this.store = new MemoryStore()
    this.rig = await new OwnersRig(this.store).start()
  }

  hear = (agentId: string, ...devices: Device[]) => this.rig.hear(agentId, devices)

  take = async (agentId: string, ...records: Interval[]): Promise<void> => {
    const firstSeq = this.#seqs.get(agentId) ?? 1
    this.#seqs.set(agentId, firstSeq + records.length)
    await this.rig.ledger.take(batch(firstSeq, records), agentId)
    await this.rig.ledger.settleAll()
  }

  /** paid GPU-minutes by agent and device */
  paid = (): Record<string, number> => {
    const sums: Record<string, number> = {}
    for (const { workload, agentId, deviceId, gpuMs } of this.store.rows)
      if (workload === 'rental' && gpuMs > 0) {
        const key = `${agentId} ${deviceId}`
        sums[key] = (sums[key] ?? 0) + gpuMs / 60_000
      }
    return sums
  }
}
