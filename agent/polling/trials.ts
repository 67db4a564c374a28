import type { Driver } from '../plugin/driver.ts'

/** A driver that fails so often in a row for a machine that it has never read is not the machine's. */
const FAILURES_TO_LEAVE = 3
/** After so many readings by another than the likeliest driver, that one is tried again: the machine may have been starting. */
const READINGS_TO_RETRY = 60
/**
 * A fallback reads a machine that told too little when it was detected, or whose own driver was late: one late answer is enough for that.
 * So detection is repeated, and the own driver tried again, after this many of its readings, a minute of the usual interval, and each time after twice as many, up to an hour.
 */
const FALLBACK_READINGS = [4, 240] as const

/**
 * What is known of the drivers that recognise one machine. It outlives sessions: a machine that is off for a while is detected again,
 * and one missed answer must not give it to another driver.
 */
export class Trials {
  #candidates: readonly Driver[] = []
  readonly #failures = new Map<string, number>()
  #proven: Driver | undefined
  #doubted = ''
  #readings = 0
  #fallbackReadings = 0
  #redetectAfter: number = FALLBACK_READINGS[0]
  #retryAfter: number = FALLBACK_READINGS[0]

  /**
   * Takes the result of a detection. The same candidates keep what is known of them.
   * @returns false for a result that must be seen twice: no driver of its own recognises a machine that one has read
   */
  begin(candidates: readonly [Driver, ...Driver[]]): boolean {
    const names = namesOf(candidates)
    if (names === namesOf(this.#candidates)) return true
    const lost = this.#proven !== undefined && !this.#proven.fallback && candidates.every((d) => d.fallback)
    if (lost && this.#doubted !== names) {
      this.#doubted = names
      return false
    }
    this.#candidates = candidates
    this.#redetectAfter = FALLBACK_READINGS[0]
    this.#retryAfter = FALLBACK_READINGS[0]
    this.forget()
    return true
  }

  /** The driver that has read the machine, and no likelier one reads. A fallback stays it until a later detection finds a better one. */
  get proven(): Driver | undefined {
    return this.#proven
  }

  /** The drivers to try now, in turn: the proven one alone, else those that have not failed too often. */
  get order(): readonly Driver[] {
    if (this.#proven) return [this.#proven]
    const left = this.#candidates.filter((driver) => !this.#isOut(driver))
    return left.length > 0 ? left : this.#candidates
  }

  /** The driver has read the machine. It is kept once every likelier one is out. */
  read(driver: Driver): void {
    const likelier = this.#candidates.slice(0, this.#candidates.indexOf(driver))
    if (likelier.every((each) => this.#isOut(each))) this.#proven = driver
    this.#doubted = ''
    this.#fallbackReadings = driver.fallback ? this.#fallbackReadings + 1 : 0
    const retryAfter = driver.fallback ? this.#retryAfter : READINGS_TO_RETRY
    if (likelier.length === 0 || ++this.#readings < retryAfter) return
    if (driver.fallback) this.#retryAfter = Math.min(2 * this.#retryAfter, FALLBACK_READINGS[1])
    this.forget()
  }

  /** Whether the machine is to be detected again, because no driver of its own reads it. Asking begins the next, longer wait. */
  isDetectionDue(): boolean {
    if (this.#fallbackReadings < this.#redetectAfter) return false
    this.#fallbackReadings = 0
    this.#redetectAfter = Math.min(2 * this.#redetectAfter, FALLBACK_READINGS[1])
    return true
  }

  /** Whether a later detection has found a driver of its own for a machine that a fallback reads. */
  areBetter(candidates: readonly Driver[]): boolean {
    return candidates.some((each) => !each.fallback && !this.#candidates.includes(each))
  }

  /** @param forGood the machine runs other firmware than this driver reads */
  failed(driver: Driver, forGood: boolean): void {
    if (this.#proven && !forGood) return
    this.#proven = undefined
    const before = this.#failures.get(driver.name) ?? 0
    this.#failures.set(driver.name, forGood ? FAILURES_TO_LEAVE : before + 1)
    // none of them reads it: begin again with the likeliest
    if (this.#candidates.every((each) => this.#isOut(each))) this.forget()
  }

  forget(): void {
    this.#failures.clear()
    this.#proven = undefined
    this.#readings = 0
  }

  #isOut(driver: Driver): boolean {
    return (this.#failures.get(driver.name) ?? 0) >= FAILURES_TO_LEAVE
  }
}

const namesOf = (drivers: readonly Driver[]): string => drivers.map(({ name }) => name).join(' ')
