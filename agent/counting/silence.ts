import { silentPower } from './counter-fault.ts'
import type { CounterWindow, Verdict } from './counter-window.ts'

/** So long, and so often, the counter must have moved. */
const LEAST_MS = 15 * 60_000
const MOVES = 3

/**
 * A power that has shown nothing but 0 is no measure of a counter that counts beside it: its current transformer is not wired, or the register
 * is another one. The counter is used then, and that is told. The first power that is shown ends it. Where both counters count, a net of 0 is a power.
 */
export class Silence {
  #now: 'lasts' | 'ends' | undefined
  #isHeard = false
  #told: string | undefined

  /** Whether the counter counts beside it now, so that the power is not used. */
  get isHeard(): boolean {
    return this.#isHeard
  }

  /** Whether no power was shown before this reading. */
  get any(): boolean {
    return this.#now !== undefined
  }

  /** What must be told of it, until counter and power agree. */
  get told(): string | undefined {
    return this.#told
  }

  /** Counter and power agree. */
  past(): void {
    this.#told = undefined
  }

  /** Takes a power, W. @param before the highest that was shown before; undefined: it is the first */
  saw(powerW: number, before: number | undefined): void {
    if (before !== 0) this.#now = undefined
    else this.#now = powerW === 0 ? 'lasts' : 'ends'
    if (this.#now !== 'lasts') this.#isHeard = false
  }

  /** @returns `counts`: the value is used; `waits`: it is kept back; undefined: the power may be true */
  judge(energyJ: number, window: CounterWindow, verdict: Verdict): 'counts' | 'waits' | undefined {
    // what came before the first power is in none
    if (this.#now === 'ends') return 'counts'
    if (this.#now === undefined || verdict !== 'more' || window.twoWay) return undefined
    const { ms } = window.power
    if (!this.#isHeard && (ms < LEAST_MS || window.rises < MOVES)) return 'waits'
    this.#told ??= silentPower({ countedJ: energyJ - window.startJ, ms })
    this.#isHeard = true
    return 'counts'
  }
}
