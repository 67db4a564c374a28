import type { Adoption, ClaimStore, DeviceClaim } from '../../collector/plugin/claim-store.ts'
import { claimKey, claimOf, claimText } from '../../collector/rows/claims.ts'
import { MemoryHolds } from './memory-holds.ts'

/** The part of the store in memory that keeps claims to devices; what is kept is text, as in the real stores. */
export abstract class MemoryClaims extends MemoryHolds implements ClaimStore {
  readonly claimed = new Map<string, { agentId: string; deviceId: string; text: string }>()
  readonly adopted = new Map<string, Adoption>()

  async writeClaims(claims: readonly DeviceClaim[]) {
    for (const claim of claims)
      this.claimed.set(claimKey(claim), {
        agentId: claim.agentId,
        deviceId: claim.deviceId,
        text: claimText(claim),
      })
  }
  async claims() {
    return [...this.claimed.values()].map(claimOf)
  }
  async writeAdoption(adoption: Adoption) {
    this.adopted.set(adoption.id, adoption)
  }
  async adoptions(limit: number) {
    return [...this.adopted.values()].toReversed().slice(0, limit)
  }
  async recordTimes(agentId: string) {
    const times = new Map<string, { firstMs: number; endMs: number }>()
    for (const r of this.records.values()) {
      if (r.agentId !== agentId) continue
      const { firstMs, endMs } = times.get(r.deviceId) ?? { firstMs: Infinity, endMs: 0 }
      times.set(r.deviceId, {
        firstMs: Math.min(firstMs, r.startMs),
        endMs: Math.max(endMs, r.startMs + r.durationMs),
      })
    }
    return times
  }
}
