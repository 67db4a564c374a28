import type { Owner } from '../../protocol/owner.ts'
import { Recent } from './recent.ts'
import { retryMs } from './source.ts'

/** What is known of a tenant: facts that will stay, or, incomplete, what there is until more can be asked. */
export interface Facts {
  owner: Owner
  complete: boolean
}

const MAX_TENANTS = 4096
const FORGOTTEN_AFTER_MS = 10 * 60_000

/**
 * Facts of tenants, each asked for once: an owner's facts are part of the ledger's key, so what was complete stays as it was
 * for the tenant's life, a later change of its labels and a source that fails included. A tenant that is seen while its
 * source doesn't answer is known by its id alone until it does; from then on by name, and never by the id again.
 */
export class FactsCache {
  readonly #tenants: Recent<Facts & { retryAtMs: number; failures: number }>
  readonly #nowMs: () => number

  constructor(nowMs: () => number) {
    this.#nowMs = nowMs
    this.#tenants = new Recent(nowMs, MAX_TENANTS, FORGOTTEN_AFTER_MS)
  }

  async of(key: string, ask: () => Promise<Facts>): Promise<Owner> {
    const before = this.#tenants.get(key)
    if (before && (before.complete || this.#nowMs() < before.retryAtMs)) return before.owner
    const asked = await ask()
    // what was half known is not forgotten because its source fails now
    const worse = before && !asked.complete && size(asked.owner) < size(before.owner)
    const { owner, complete } = worse ? before : asked
    const failures = before ? before.failures + 1 : 0
    this.#tenants.set(key, { owner, complete, failures, retryAtMs: this.#nowMs() + retryMs(failures) })
    return owner
  }
}

const size = (owner: Owner): number => Object.keys(owner).length

/** An owner of the facts that have a value, no longer than the protocol allows (protocol/owner.ts). */
export function ownerOf(facts: Readonly<Record<string, string | undefined>>): Owner {
  const owner: Owner = {}
  for (const [name, value] of Object.entries(facts)) {
    const text = value?.trim().slice(0, 256)
    if (text) owner[name] = text
  }
  return owner
}

/** The chosen labels as facts: `app.kubernetes.io/name` is `label.app.kubernetes.io.name`. */
export function labelFacts(
  labels: Readonly<Record<string, string>> | null | undefined,
  chosen: readonly string[],
): Record<string, string | undefined> {
  return Object.fromEntries(
    chosen.map((name) => [`label.${name.replace(/[^A-Za-z0-9.]/g, '.')}`.slice(0, 64), labels?.[name]]),
  )
}
