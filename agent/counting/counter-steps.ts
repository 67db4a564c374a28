import { JOULES_PER_KWH } from '../../protocol/units.ts'

/** A step of more last digits than this is larger than any meter's. */
const TENS = [1, 10, 100, 1000, 1e4, 1e5, 1e6]
const STEPS = TENS.flatMap((ten) => [ten, 2 * ten, 5 * ten])
/** The largest step of a known meter is 100 kWh. */
export const MOST_STEP_J = 110 * JOULES_PER_KWH

/** What a counter's steps are known to be, for the next run of the agent. */
export interface KnownSteps {
  /** J; absent: not known */
  learntJ?: number
  hasMoved?: true
}

/** The steps in which a counter moves: at least its last digit, and often more. */
export class CounterSteps {
  readonly #lastDigitJ: number
  /** the smallest growth after the counter stood still: the size of its steps, where they are larger than its last digit */
  #learntJ: number | undefined
  #stood = false
  #hasMoved: boolean
  /** steps, in last digits, of which every value so far can be made */
  #fitting: readonly number[] = STEPS

  /** @param lastDigitJ J that the counter's last digit stands for */
  constructor(
    lastDigitJ: number,
    { learntJ, hasMoved = false }: { learntJ?: number; hasMoved?: boolean } = {},
  ) {
    this.#lastDigitJ = lastDigitJ
    this.#learntJ = Number.isFinite(learntJ) ? learntJ : undefined
    this.#hasMoved = hasMoved === true
  }

  get lastDigitJ(): number {
    return this.#lastDigitJ
  }

  /** J of a step, as far as it is known. */
  get knownJ(): number {
    return Math.max(this.#lastDigitJ, this.#learntJ ?? 0)
  }

  /**
   * J of the largest step that it may have: a counter that was only read far apart may have moved by several steps each time, so its values
   * say more of its steps than its growth.
   */
  get possibleJ(): number {
    const digits = this.#fitting.findLast((step) => step * this.#lastDigitJ <= MOST_STEP_J) ?? 1
    return Math.max(this.knownJ, digits * this.#lastDigitJ)
  }

  get hasMoved(): boolean {
    return this.#hasMoved
  }

  get known(): KnownSteps {
    return {
      ...(this.#learntJ !== undefined && { learntJ: this.#learntJ }),
      ...(this.#hasMoved && { hasMoved: true as const }),
    }
  }

  /**
   * J of the largest step of 1, 2 or 5 times a power of ten last digits that both readings can be made of. Infinite where the last digit is
   * not known (0).
   * @param grownJ growth to the present value
   */
  largestJ(energyJ: number, grownJ: number): number {
    if (this.#lastDigitJ === 0) return Number.POSITIVE_INFINITY
    const digits = [energyJ, grownJ].map((joules) => Math.round(joules / this.#lastDigitJ))
    const fits = STEPS.filter((step) => digits.every((n) => n >= step && n % step === 0))
    return (fits.at(-1) ?? 1) * this.#lastDigitJ
  }

  /** Takes a value that was accepted. */
  showed(energyJ: number): void {
    if (this.#lastDigitJ === 0) return
    const digits = Math.round(energyJ / this.#lastDigitJ)
    this.#fitting = this.#fitting.filter((step) => digits % step === 0)
  }

  /** Takes the growth since the last reading that was accepted; 0: it stands still. */
  grew(grownJ: number): void {
    if (grownJ > 0) {
      this.#hasMoved = true
      if (this.#stood) this.#learntJ = Math.min(this.#learntJ ?? grownJ, grownJ)
    }
    this.#stood = grownJ === 0
  }

  /**
   * Takes the growth over a time without readings.
   * @param drawnJ the most that its power makes in that time: growth within it shows no step
   */
  grewOverGap(grownJ: number, drawnJ: number): void {
    if (grownJ > 0 && grownJ <= 2 * drawnJ) this.#stood = false
    this.grew(grownJ)
  }
}
