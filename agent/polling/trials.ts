import type { Driver } from '../plugin/driver.ts'

/** A driver that fails so often in a row for a machine that it has never read is not the machine's. */
const FAILURES_TO_LEAVE = 3
/** After so many readings by another than the likeliest driver, that one is tried again: the machine may have been starting. */
const READINGS_TO_RETRY = 60

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
    this.forget()
    return true
  }

  /** The driver that has read the machine, and no likelier one reads. */
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
    if (likelier.length > 0 && ++this.#readings >= READINGS_TO_RETRY) this.forget()
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
