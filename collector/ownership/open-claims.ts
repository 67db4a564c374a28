import type { OpenClaim } from './key-owners.ts'

/** Claims by agent and device. */
export class OpenClaims {
  readonly #agents = new Map<string, Map<string, OpenClaim>>()

  get(agentId: string, deviceId: string): OpenClaim | undefined {
    return this.#agents.get(agentId)?.get(deviceId)
  }

  put(claim: OpenClaim): void {
    const devices = this.#agents.get(claim.agentId) ?? new Map<string, OpenClaim>()
    this.#agents.set(claim.agentId, devices.set(claim.deviceId, claim))
  }

  clear(): void {
    this.#agents.clear()
  }

  /** In order of their agents’ first. */
  *all(): IterableIterator<OpenClaim> {
    for (const devices of this.#agents.values()) yield* devices.values()
  }
}
