import type { DeviceClaim } from '../plugin/claim-store.ts'
import { isSameMachine, rootOf } from './identity.ts'

/** A claim that the register changes in place. */
export type OpenClaim = { -readonly [K in keyof DeviceClaim]: DeviceClaim[K] }

/** A claim that has the machine, and the key that both have. */
export interface Rival {
  owner: OpenClaim
  key: string
}

/** For each key of a machine: the claims that have it. */
export class KeyOwners {
  readonly #owners = new Map<string, OpenClaim[]>()

  add(claim: OpenClaim): void {
    for (const key of keysOf(claim)) {
      const owners = this.#owners.get(key)
      if (!owners) this.#owners.set(key, [claim])
      else if (!owners.includes(claim)) owners.push(claim)
    }
  }

  clear(): void {
    this.#owners.clear()
  }

  remove(claim: OpenClaim): void {
    for (const key of keysOf(claim)) {
      const owners = this.#owners.get(key)?.filter((owner) => owner !== claim)
      if (owners?.length) this.#owners.set(key, owners)
      else this.#owners.delete(key)
    }
  }

  /** Who has a machine with one of these keys, each once; other parts of the claim's own machine are none. */
  rivalsOf(claim: OpenClaim): Rival[] {
    const found = new Map<OpenClaim, string>()
    const mine = keysOf(claim)
    for (const key of mine)
      for (const owner of this.#owners.get(key) ?? []) {
        if (owner === claim || found.has(owner)) continue
        if (owner.agentId === claim.agentId && rootOf(owner.deviceId) === rootOf(claim.deviceId)) continue
        if (isSameMachine(key, mine, keysOf(owner))) found.set(owner, key)
      }
    return [...found].map(([owner, key]) => ({ owner, key }))
  }
}

const keysOf = ({ keys, inherited = [] }: OpenClaim): string[] => [...keys, ...inherited]
