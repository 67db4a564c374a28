import { SampledPower } from './sampled-power.ts'

/** What two figures of one power may differ by for good: both sensors are exact to some 5 %. */
const TOLERANCE = 0.1
/**
 * From here on a counter that disagrees is held back, by a part of what the watts leave open. Nothing is lost by that: a counter that
 * comes back includes the time.
 */
const HELD_FROM_MS = 60_000
const HELD_FROM_MOVES = 12
const HELD_FROM_PART = 1 / 2
/** From here on it is refused. */
const REFUSED_FROM_MS = 15 * 60_000
const REFUSED_FROM_MOVES = 60
/** A later disagreement must not drown in a longer agreement. */
const MOVES_IN_WINDOW = 1_000
/** Where a counter stood so many times longer than before, its page stood still, and the watts beside it said nothing. */
const STOOD = 3
const SHORTEST_STAND_MS = 5_000

interface Window {
  baseJ: number
  startMs: number
  drawnJ: number
  moves: number
  movedAtMs: number
  /** ms between the last two movements */
  gapMs: number
  power: SampledPower
}

/**
 * An energy counter beside the watts of its device over many minutes. What the watts leave open shrinks with every reading, so that a
 * counter of a module with its CPU is told from the GPU's even where it is only a fifth above.
 */
export class LongComparison {
  #window: Window | undefined
  /** the counter disagreed when it was compared last */
  held = false
  /** it has agreed for as long as one must disagree to be refused */
  agrees = false

  /** Begins afresh with the next movement of the counter. */
  restart(): void {
    this.#window = undefined
  }

  /** Takes a reading of power, and the energy by the watts since the one before. */
  draw(drawnJ: number, powerW: number): void {
    if (!this.#window) return
    this.#window.drawnJ += drawnJ
    this.#window.power.add(powerW)
  }

  /**
   * Takes a movement of the counter, after `draw`.
   * @param mayReachW the highest power that the device may have
   * @returns W by the counter and by the watts where the counter is of something else; else undefined
   */
  moved(energyJ: number, atMs: number, mayReachW: number): { counterW: number; powerW: number } | undefined {
    const window = this.#window
    if (!window || stood(window, atMs)) {
      this.#window = begun(energyJ, atMs)
      return undefined
    }
    window.gapMs = atMs - window.movedAtMs
    window.movedAtMs = atMs
    window.moves++
    const ms = atMs - window.startMs
    if (window.moves < HELD_FROM_MOVES || ms < HELD_FROM_MS) return undefined
    const { moves, drawnJ, baseJ, power } = window
    const grownJ = energyJ - baseJ
    const openJ = (to: 'doubt' | 'refusal') => (power.openW(moves, mayReachW, to) * ms) / 1000
    const beyondJ = Math.abs(grownJ - drawnJ) - TOLERANCE * drawnJ
    this.held = beyondJ > HELD_FROM_PART * openJ('doubt')
    const isLong = moves >= REFUSED_FROM_MOVES && ms >= REFUSED_FROM_MS
    this.agrees = isLong && beyondJ <= 0
    if (isLong && beyondJ > openJ('refusal'))
      return { counterW: (grownJ / ms) * 1000, powerW: (drawnJ / ms) * 1000 }
    if (!this.held && moves >= MOVES_IN_WINDOW) this.#window = begun(energyJ, atMs)
    return undefined
  }
}

const stood = ({ gapMs, movedAtMs, moves }: Window, atMs: number): boolean =>
  moves > 0 && atMs - movedAtMs > Math.max(SHORTEST_STAND_MS, STOOD * gapMs)

const begun = (baseJ: number, atMs: number): Window => ({
  baseJ,
  startMs: atMs,
  drawnJ: 0,
  moves: 0,
  movedAtMs: atMs,
  gapMs: 0,
  power: new SampledPower(),
})
