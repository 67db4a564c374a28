import { showQuantity } from '../../protocol/quantities.ts'

/** So many movements of the counter, for at least this time, are no last step that came late. */
const MOVES_TO_TELL = 3
const TELL_AFTER_MS = 120_000
/** From the second movement on the power is kept back, until the counter has stood for so many times a step's time, and at least so long. */
const MOVES_TO_DOUBT = 2
const STANDS_STEPS = 3
const STANDS_AT_LEAST_MS = 60_000
/** A counter that moves less often says nothing of a power of 0 W. */
const STANDS_MS = 15 * 60_000
/** What a meter may count without showing it: less than this, or so many last digits of its power. */
const LEAST_W = 30
const LEAST_STEPS = 2
/** Readings further apart may miss a load that came and went. */
const APART_AT_MOST_MS = 5 * 60_000

/** Since when a power is exactly 0, and what the counter of import has grown by since then. */
interface Stretch {
  lastMs: number
  /** of the first value that came with a movement, from which whole steps are counted */
  base?: { energyJ: number; atMs: number }
  energyJ: number | undefined
  exportedJ: number | undefined
  moves: number
  movedMs: number
}

/** What a meter's power of 0 W is worth. */
export interface ZeroVerdict {
  /** true: not to be used now, because the counter moves */
  isDoubted: boolean
  /** why it is not used, once that is known */
  fault?: string
}

/**
 * A meter that shows exactly 0 W while its counter of import goes on: no load is 0 W to the last digit and flows, so the power is the
 * worse figure. The counter of the other direction stands meanwhile, or the two directions may cancel each other.
 */
export class ZeroPower {
  #stretch: Stretch | undefined
  #fault: string | undefined

  /** @param powerStepW W of the power's last digit */
  read({ powerW, powerStepW = 0, energyJ, exportedJ }: ZeroFigures, steadyMs: number): ZeroVerdict {
    if (powerW !== undefined && powerW !== 0) {
      this.#stretch = this.#fault = undefined
      return { isDoubted: false }
    }
    const stretch = this.#stretch
    if (powerW === undefined || !stretch || isBroken(stretch, { energyJ, exportedJ }, steadyMs)) {
      this.#stretch =
        powerW === undefined
          ? undefined
          : { lastMs: steadyMs, energyJ, exportedJ, moves: 0, movedMs: steadyMs }
      return this.#verdict(false)
    }
    if (energyJ !== undefined && energyJ > (stretch.energyJ ?? energyJ)) {
      stretch.moves++
      stretch.movedMs = steadyMs
      stretch.base ??= { energyJ, atMs: steadyMs }
    }
    stretch.energyJ = energyJ ?? stretch.energyJ
    stretch.exportedJ = exportedJ ?? stretch.exportedJ
    stretch.lastMs = steadyMs
    this.#fault ??= faultOf(stretch, Math.max(LEAST_W, LEAST_STEPS * powerStepW))
    return this.#verdict(goesOn(stretch, steadyMs))
  }

  #verdict(isDoubted: boolean): ZeroVerdict {
    const fault = this.#fault
    return { isDoubted: isDoubted || fault !== undefined, ...(fault !== undefined && { fault }) }
  }
}

/** Whether what is seen now no longer belongs to a stretch. */
function isBroken(stretch: Stretch, { energyJ, exportedJ }: ZeroFigures, steadyMs: number): boolean {
  const falls = energyJ !== undefined && energyJ < (stretch.energyJ ?? 0)
  const exports = (exportedJ ?? 0) > (stretch.exportedJ ?? exportedJ ?? 0)
  const isOver = steadyMs - stretch.lastMs > APART_AT_MOST_MS || steadyMs - stretch.movedMs > STANDS_MS
  return falls || exports || isOver
}

interface ZeroFigures {
  powerW?: number | undefined
  powerStepW?: number | undefined
  energyJ?: number | undefined
  exportedJ?: number | undefined
}

/** Whether the counter has moved so lately that it may go on. */
function goesOn({ moves, base, movedMs }: Stretch, steadyMs: number): boolean {
  if (!base || moves < MOVES_TO_DOUBT) return false
  const stepMs = (movedMs - base.atMs) / (moves - 1)
  return steadyMs - movedMs <= Math.max(STANDS_AT_LEAST_MS, STANDS_STEPS * stepMs)
}

function faultOf({ base, energyJ, moves, movedMs }: Stretch, leastW: number): string | undefined {
  if (!base || energyJ === undefined || moves < MOVES_TO_TELL || movedMs - base.atMs < TELL_AFTER_MS)
    return undefined
  const counterW = (1000 * (energyJ - base.energyJ)) / (movedMs - base.atMs)
  if (counterW < leastW) return undefined
  return `its power of 0 W is not used: its energy counter has grown by ${showQuantity('powerW', Math.round(counterW))} since, in ${moves} steps; energy is taken from the counter; check the map of its power`
}
