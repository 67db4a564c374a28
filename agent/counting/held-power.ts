import { showQuantity } from '../../protocol/quantities.ts'

/** A reading this many times beyond what two readings in a row have shown in its direction needs a second one. */
const FAR = 5
/** Below this many times FAR nothing is far: an outlet is switched on. */
const LEAST_W = 2000
/** A load that comes and goes between two readings is known once the counter has shown it so many times. */
const KNOWN_BY = 2
/** A reading is alike if it reaches this part as far. */
const ALIKE = 0.5
/** So many first readings are kept beside the very first one. */
const UNLIKE_AT_MOST = 8

/** One reading of a power. */
export interface PowerReading {
  /** W; absent: the meter shows none, or it is kept back */
  powerW?: number
  /** why it is kept back */
  fault?: string
  /** true: the first reading of the session was the wild one, so what was built on it is to be forgotten */
  startsAgain?: true
}

/**
 * A meter's power, of which a single wild value is kept back: a torn word and a gateway's word for none are gone with the next
 * reading. A true step of the load is there at the next reading too, or in the counter. The first reading of a session is told,
 * because nothing contradicts it yet; where the second one does, the first that is like an earlier one says which of them was wild.
 */
export class HeldPower {
  /** the most that two readings in a row have shown, by direction */
  readonly #mostW = { in: 0, out: 0 }
  #lastW: number | undefined
  /** the readings of the session until two were alike */
  #firstW: readonly number[] = []
  #isSettled = false
  #countedW: number[] = []

  /** Whether two readings of the session were alike. */
  get isSettled(): boolean {
    return this.#isSettled
  }

  /**
   * @param powerW undefined: the meter shows none
   * @param isCounted its counter has grown by what this reading and the one before it make between them
   */
  read(powerW: number | undefined, isCounted = false): PowerReading {
    const lastW = this.#lastW
    this.#lastW = powerW
    if (powerW === undefined) return {}
    if (!this.#isSettled) return this.#settle(powerW, isCounted)
    const side = sideOf(powerW)
    const isConfirmed = lastW !== undefined && isNear(lastW, powerW)
    if (isConfirmed) this.#know(powerW, Math.min(Math.abs(lastW), Math.abs(powerW)))
    if (isConfirmed || isWithin(powerW, this.#mostW[side])) return { powerW }
    const fault = `its power of ${watts(powerW)} is far beyond the ${watts(this.#mostW[side])} that it has shown ${side} before; it is left out unless the next reading confirms it`
    return { fault }
  }

  /** Takes a reading while no two of the session were alike. A load that comes and goes between two states shows one of them again at the third. */
  #settle(powerW: number, isCounted: boolean): PowerReading {
    const [firstW, ...more] = this.#firstW
    if (firstW === undefined) {
      this.#firstW = [powerW]
      return { powerW }
    }
    const alike = [firstW, ...more].find((earlierW) => isNear(earlierW, powerW))
    if (alike === undefined && !(isCounted && more.length === 0)) {
      this.#firstW = [firstW, ...more.slice(1 - UNLIKE_AT_MOST), powerW]
      const fault = `its power of ${watts(powerW)} is far from the ${watts(more.at(-1) ?? firstW)} that it showed at first; it is left out unless the next reading confirms it`
      return { fault }
    }
    this.#isSettled = true
    if (alike === undefined) for (const trueW of [firstW, powerW]) this.#know(trueW, Math.abs(trueW))
    else this.#know(powerW, Math.min(Math.abs(alike), Math.abs(powerW)))
    const isFirstWild = alike !== undefined && !isNear(firstW, powerW)
    return { powerW, ...(isFirstWild && { startsAgain: true }) }
  }

  /** Takes the word of a counter that has grown by what a power would make that was kept back. */
  counted(powerW: number): void {
    this.#countedW = [...this.#countedW, powerW].slice(-KNOWN_BY)
    const alike = this.#countedW.filter((w) => w * Math.sign(powerW) >= ALIKE * Math.abs(powerW))
    if (alike.length >= KNOWN_BY) this.#know(powerW, Math.abs(powerW))
  }

  #know(powerW: number, leastW: number): void {
    const side = sideOf(powerW)
    this.#mostW[side] = Math.max(this.#mostW[side], leastW)
  }
}

const watts = (powerW: number) => showQuantity('powerW', powerW)
const sideOf = (powerW: number) => (powerW < 0 ? 'out' : 'in')
const isWithin = (powerW: number, mostW: number) => Math.abs(powerW) <= FAR * Math.max(mostW, LEAST_W)

/** Whether each of two readings is one that the other makes likely. */
const isNear = (aW: number, bW: number): boolean => {
  if (sideOf(aW) !== sideOf(bW)) return isWithin(aW, 0) && isWithin(bW, 0)
  return isWithin(aW, Math.abs(bW)) && isWithin(bW, Math.abs(aW))
}
