import type { Owner } from '../../protocol/owner.ts'
import { retryMs } from './fact-source.ts'
import { LruCache } from './lru-cache.ts'
import type { OwnerFacts } from './owner-facts.ts'

const MAX_TENANTS = 4096
const FORGOTTEN_AFTER_MS = 10 * 60_000

/**
 * Owners of tenants. An owner's facts are part of the ledger's key, so they must not change while the tenant lives: complete
 * facts are asked for once and kept, even if labels change or the source fails later. While the source does not answer, the
 * tenant's id stands for it; once the full facts are known, the id alone is never used again.
 */
export class OwnerCache {
  readonly #tenants: LruCache<OwnerFacts & { retryAtMs: number; failures: number }>
  readonly #nowMs: () => number

  constructor(nowMs: () => number) {
    this.#nowMs = nowMs
    this.#tenants = new LruCache(nowMs, MAX_TENANTS, FORGOTTEN_AFTER_MS)
  }

  /** The owner under a key; `ask` is called only while its facts are incomplete, with back-off. */
  async of(key: string, ask: () => Promise<OwnerFacts>): Promise<Owner> {
    const before = this.#tenants.get(key)
    if (before && (before.complete || this.#nowMs() < before.retryAtMs)) return before.owner
    const asked = await ask()
    // a source that fails now must not take away facts that an earlier answer gave
    const worse = before && !asked.complete && size(asked.owner) < size(before.owner)
    const { owner, complete } = worse ? before : asked
    const failures = before ? before.failures + 1 : 0
    this.#tenants.set(key, { owner, complete, failures, retryAtMs: this.#nowMs() + retryMs(failures) })
    return owner
  }
}

/** How many facts an owner has. */
const size = (owner: Owner): number => Object.keys(owner).length
