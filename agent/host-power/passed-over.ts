import { reasonOf } from '../../protocol/kit/errors.ts'
import type { Judged } from './judge.ts'

/** Longer faults are cut. */
const MOST_LETTERS = 256
/** Reasons that begin so are one. */
const SAME_LETTERS = 128

/** Says once, and not at every poll, that a source was passed over because of what it said. */
export class PassedOver {
  readonly #said = new Set<string>()

  /**
   * Takes what a source says. A source that says nothing is no fault, and one that changes from one nonsense to another is the same
   * fault.
   * @param faults gets a new fault
   * @returns what the source says
   */
  take<T extends Judged>(source: string, said: T, faults: string[]): T {
    if (said.powerW !== undefined) this.#said.delete(source)
    else if (said.refused !== undefined && !this.#said.has(source)) {
      this.#said.add(source)
      faults.push(`${source} says ${said.refused}, which is no machine's power; check the BMC's firmware`)
    }
    return said
  }

  /** A source that could not be read. @param faults gets a new fault */
  fails(source: string, error: unknown, faults: string[]): void {
    if (this.#said.has(source)) return
    this.#said.add(source)
    const reason = reasonOf(error)
    // several sources can be in one page
    if (!faults.some((fault) => fault.includes(reason.slice(0, SAME_LETTERS))))
      faults.push(`${source} is passed over: ${reason}`.slice(0, MOST_LETTERS))
  }
}
