/** This many times the standard error of the mean is left open. */
const ERRORS = 6
/**
 * A state that the load has for a part p of the time is missed by N readings with (1 - p)^N. Such a p is left open that it is e^-n: with
 * these n once in 1,100, which is enough to hold a counter back, and once in 108 million. Polls of 1 s make 9,000 judgements a day, so that
 * a counter is refused by such chance less than once in 10,000 days, whatever the load.
 */
const MISSED = { doubt: 7, refusal: 18.5 }
/** A GPU that tells no limit may leap so high between the readings. */
const GPU_MAY_REACH_W = 1_000
/** Any other machine that tells no limit may leap to so many times its highest reading. */
const MAY_REACH = 2

/** The readings of a power that may leap between them, and how exactly their mean is known. */
export class SampledPower {
  #readings = 0
  #sumW = 0
  #squaresW = 0

  add(powerW: number): void {
    this.#readings++
    this.#sumW += powerW
    this.#squaresW += powerW ** 2
  }

  /**
   * W by which the mean may be another one. Bursts shorter than the time between two readings are seen by chance, some of them never.
   * A load that repeats itself in step with the readings is not covered: nothing in the watts tells it.
   * @param fresh how many of the readings were new measurements: a page may show each one several times
   * @param mayReachW the highest power that the machine may have
   * @param to what is decided by it
   */
  openW(fresh: number, mayReachW: number, to: keyof typeof MISSED): number {
    if (fresh === 0 || this.#readings === 0) return Number.POSITIVE_INFINITY
    const meanW = this.#sumW / this.#readings
    const spreadW = Math.sqrt(Math.max(0, this.#squaresW / this.#readings - meanW ** 2))
    const leapW = Math.max(meanW, mayReachW - meanW)
    return (ERRORS * spreadW) / Math.sqrt(fresh) + leapW * (1 - Math.exp(-MISSED[to] / fresh))
  }
}

/** The highest power, W, that a machine may have between its readings. @param highestW its highest reading so far */
export const mayReachW = (kind: string, limitW: number | undefined, highestW: number): number =>
  Math.max(limitW ?? (kind === 'gpu' ? GPU_MAY_REACH_W : MAY_REACH * highestW), highestW)
