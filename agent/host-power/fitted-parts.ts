import type { Judged } from './judge.ts'

/** The parts of one sum. */
export interface Parts {
  /** all that are in the list now, whatever they say */
  listed: readonly string[]
  /** those of them that carry a power now */
  working: readonly string[]
}

/** A part that is missing for this time was taken out. */
const GONE_FOR_MS = 10 * 60_000
/** Where the others draw as much of what all drew, they carry the load of the one that is missing: it was taken out just now. */
const CARRIED = 0.8

/**
 * What a machine's sum is made of: its supplies, or the inputs of its boards. A BMC that starts again lists them one after another, so
 * a list without one that was in it gives a sum that looks right and is too low. For a while it gives none.
 */
export class FittedParts {
  readonly #kind: string
  /** steady clock: since when each part that has carried a power is missing; undefined: it is there */
  readonly #missingSinceMs = new Map<string, number | undefined>()
  #wholeW = 0

  /** @param kind in the plural, for messages: `supplies` */
  constructor(kind: string) {
    this.#kind = kind
  }

  /** Whether the last list lacked a part. */
  get isLacking(): boolean {
    return [...this.#missingSinceMs.values()].some((sinceMs) => sinceMs !== undefined)
  }

  /**
   * @param sum of the parts that are listed
   * @param nowMs steady clock
   * @returns the sum; refused where a part is missing that was there
   */
  take<T extends Judged>(sum: T, { listed, working }: Parts, nowMs = performance.now()): T | Judged {
    for (const name of [...listed, ...working])
      if (this.#missingSinceMs.has(name) || working.includes(name)) this.#missingSinceMs.set(name, undefined)
    const missing = [...this.#missingSinceMs.keys()].filter((name) => !listed.includes(name))
    for (const name of missing) this.#missingSinceMs.set(name, this.#missingSinceMs.get(name) ?? nowMs)
    const isCarried = this.#wholeW > 0 && (sum.powerW ?? 0) >= CARRIED * this.#wholeW
    for (const name of missing)
      if (isCarried || nowMs - (this.#missingSinceMs.get(name) ?? nowMs) > GONE_FOR_MS)
        this.#missingSinceMs.delete(name)
    // a list that did not come says nothing, and gives no sum
    if (this.isLacking && listed.length === 0) return sum
    if (this.isLacking)
      return {
        refused: `the power of ${listed.length} of ${listed.length + missing.length} ${this.#kind}`,
      }
    this.#wholeW = sum.powerW ?? this.#wholeW
    return sum
  }
}
