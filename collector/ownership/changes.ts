import type { DeviceClaim, NamedDevice } from '../plugin/claim-store.ts'
import type { OpenClaim } from './key-owners.ts'

/** Records that are stored as counting and must be held now: those of a device from this time on. */
export interface Withdrawal extends NamedDevice {
  fromMs: number
  rival: NonNullable<DeviceClaim['rival']>
}

/** What changed in the register and is not stored yet. */
export class Changes {
  #claims = new Set<OpenClaim>()
  #withdrawals: Withdrawal[] = []

  add(claim: OpenClaim): void {
    this.#claims.add(claim)
  }

  withdraw({ agentId, deviceId, rival, fromMs: firstMs }: OpenClaim, fromMs: number | undefined): void {
    if (rival && firstMs !== undefined && fromMs !== undefined)
      this.#withdrawals.push({ agentId, deviceId, fromMs, rival })
  }

  /** What changed since the last call, to be stored: first the withdrawals, then the claims. */
  take(): { claims: DeviceClaim[]; withdrawals: Withdrawal[] } {
    const changes = {
      claims: [...this.#claims].map((claim) => ({ ...claim })),
      withdrawals: this.#withdrawals,
    }
    this.clear()
    return changes
  }

  /** The store did not take these changes: they are due again, as far as their claims are still there. */
  putBack(
    { claims, withdrawals }: ReturnType<Changes['take']>,
    find: (agentId: string, deviceId: string) => OpenClaim | undefined,
  ): void {
    for (const { agentId, deviceId } of claims) {
      const claim = find(agentId, deviceId)
      if (claim) this.add(claim)
    }
    this.#withdrawals = [...withdrawals, ...this.#withdrawals]
  }

  clear(): void {
    this.#claims = new Set()
    this.#withdrawals = []
  }
}
