import { CommandFailed, type Program } from './command.ts'

/** One question in the words of several releases of a program: the first words that it understands are used from then on. */
export class Dialects {
  readonly #program: Program
  readonly #variants: readonly (readonly string[])[]
  #spoken: readonly string[] | undefined

  constructor(program: Program, variants: readonly (readonly string[])[]) {
    this.#program = program
    this.#variants = variants
  }

  /** @throws as `Program.run`, of the first variant where none is understood */
  async ask(signal: AbortSignal): Promise<string> {
    if (this.#spoken) return this.#program.run(this.#spoken, signal)
    let refusal: CommandFailed | undefined
    for (const variant of this.#variants)
      try {
        const answer = await this.#program.run(variant, signal)
        this.#spoken = variant
        return answer
      } catch (error) {
        if (!(error instanceof CommandFailed && isUsage(error.said))) throw error
        refusal ??= error
      }
    throw refusal
  }
}

/** What programs say of arguments that they don't know. */
const isUsage = (said: string): boolean =>
  /unrecognized arguments?|unknown option|not expected|invalid (option|argument|choice)|^usage:/im.test(said)
