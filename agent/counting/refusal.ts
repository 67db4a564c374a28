import { Oddities } from './oddities.ts'

/** Why a counter is not used: for good, or until it has agreed with its power for a window. */
export class Refusal {
  readonly #odd = new Oddities()
  #forGood: string | undefined
  /** of an earlier run of the agent, and of this one */
  #ofBefore: string | undefined
  #untilAgreed: string | undefined

  /** @param known why an earlier run of the agent refused it; anything else is taken for nothing */
  constructor(known?: unknown) {
    if (typeof known === 'string') this.#ofBefore = known
  }

  get isForGood(): boolean {
    return this.#forGood !== undefined
  }

  /** Why it is not used; undefined: it is. */
  get told(): string | undefined {
    return this.#ofBefore ?? this.#untilAgreed ?? this.#forGood
  }

  /** Takes a reason; of several the first is told. */
  add(fault: string, lasts: 'for good' | 'until it agrees'): void {
    if (lasts === 'for good') this.#forGood ??= fault
    else this.#untilAgreed ??= fault
  }

  /** Takes a leap or a fall that no load makes; too many of them are a reason. As `Oddities.note`. */
  leapt(steadyMs: number, leapJ: number, mostW: number): void {
    const fault = this.#odd.note(steadyMs, leapJ, mostW)
    if (fault !== undefined) this.add(fault, 'for good')
  }

  /** The counter has agreed with its power for a window. @param inSum and in all that was seen since it was refused */
  agreed(inSum: boolean): void {
    this.#ofBefore = undefined
    if (inSum) this.#untilAgreed = undefined
  }
}
