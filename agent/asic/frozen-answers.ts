import type { AsicFacts } from './facts.ts'

/** So long the same figures to the last digit, with a machine's uptime among them, are no chance. */
const FROZEN_MS = 600_000

/**
 * Notices that a machine's answers stand still: its controller serves the last ones for ever, though it says that it hashes. It belongs to
 * one session.
 */
export class FrozenAnswers {
  readonly #now: () => number
  #last: { figures: string; sinceMs: number } | undefined

  /** @param now ms of a monotonic clock */
  constructor(now: () => number = () => performance.now()) {
    this.#now = now
  }

  /** The facts; where they have stood still for too long, without a hashrate, which nobody can believe, and with a fault. */
  of(facts: AsicFacts): AsicFacts {
    const { uptimeS, hashrateHs, hashrateAvgHs, pools, faults = [] } = facts
    if (uptimeS === undefined || !hashrateHs) {
      this.#last = undefined
      return facts
    }
    const figures = JSON.stringify([uptimeS, hashrateHs, hashrateAvgHs, pools?.byOwner, pools?.shares])
    const nowMs = this.#now()
    if (this.#last?.figures !== figures) this.#last = { figures, sinceMs: nowMs }
    const standsMs = nowMs - this.#last.sinceMs
    if (standsMs < FROZEN_MS) return facts
    const minutes = Math.floor(standsMs / 60_000)
    const fault = `its answers have not changed for ${minutes} min, not even its uptime of ${uptimeS} s; restart its controller`
    return { ...facts, hashrateHs: undefined, hashrateAvgHs: undefined, faults: [fault, ...faults] }
  }
}
