import type { Program } from '../../protocol/program.ts'
import type { Lease } from '../plugin/lease-store.ts'

/** A collector whose beat has not risen for so many of the own beats is gone. */
const GONE_BEATS = 20
/** Two beats of another collector fit into so many own ones. */
const BEATS_SEEN = 3

interface Seen extends Lease {
  /** own beats since it was first seen */
  looks: number
  /** for how long its beat has not risen while this one looked, ms; absent: it has not risen yet */
  quietMs?: number
}

/** What a collector has seen of the others of its store. */
export class LeaseSightings {
  readonly #beatMs: number
  readonly #seen = new Map<string, Seen>()
  /** steady clock when the leases were read last */
  #lookedMs: number | undefined

  constructor(beatMs: number) {
    this.#beatMs = beatMs
  }

  /** Those that have shown that they run, and are not gone. */
  get running(): Lease[] {
    const goneMs = GONE_BEATS * this.#beatMs
    return [...this.#seen.values()].filter(({ quietMs }) => quietMs !== undefined && quietMs < goneMs)
  }

  /** Whether a collector that left a beat may still show that it runs. */
  get isOpen(): boolean {
    return [...this.#seen.values()].some(({ quietMs, looks }) => quietMs === undefined && looks < BEATS_SEEN)
  }

  /** An own beat passes. */
  beat(): void {
    for (const seen of this.#seen.values()) seen.looks++
  }

  /**
   * @param leases of the others, as the store has them
   * @param steadyMs of the own clock
   * @returns one that says since the last look that it serves
   */
  note(leases: readonly Lease[], steadyMs: number): Program | undefined {
    // while this one did not look, it does not know whether a beat rose
    const lookedForMs = Math.min(steadyMs - (this.#lookedMs ?? steadyMs), 2 * this.#beatMs)
    this.#lookedMs = steadyMs
    for (const [instance, seen] of this.#seen) {
      if (seen.quietMs !== undefined) seen.quietMs += lookedForMs
      if (!leases.some((lease) => lease.program.instance === instance)) this.#seen.delete(instance)
    }
    let serving: Program | undefined
    for (const lease of leases) {
      const { program, beat, serves } = lease
      const seen = this.#seen.get(program.instance)
      const rose = seen !== undefined && beat > seen.beat
      this.#seen.set(program.instance, {
        ...lease,
        looks: seen?.looks ?? 0,
        ...(rose ? { quietMs: 0 } : seen?.quietMs === undefined ? {} : { quietMs: seen.quietMs }),
      })
      if (serves && (rose || !seen)) serving = program
    }
    return serving
  }
}
