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

  /** Withdrawals that the store did not take are due again. */
  putBack(withdrawals: readonly Withdrawal[]): void {
    this.#withdrawals = [...withdrawals, ...this.#withdrawals]
  }

  clear(): void {
    this.#claims = new Set()
    this.#withdrawals = []
  }
}
