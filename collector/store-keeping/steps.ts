/** Work in order that may be interrupted: each step that ended well is not done again. */
export class Steps {
  readonly #steps: readonly (() => unknown)[]
  #done = 0

  constructor(steps: readonly (() => unknown)[]) {
    this.#steps = steps
  }

  /** Goes on where it stopped. Rejects with the error of the step that failed. */
  async run(): Promise<void> {
    for (let step = this.#steps[this.#done]; step; step = this.#steps[this.#done]) {
      await step()
      this.#done++
    }
  }
}
