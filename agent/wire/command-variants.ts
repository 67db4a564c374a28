import { CommandFailed, type Program } from './command.ts'

/**
 * One command in the arguments of several releases of a program. The first arguments that the installed release accepts are
 * used from then on.
 */
export class CommandVariants {
  readonly #program: Program
  readonly #variants: readonly (readonly string[])[]
  #accepted: readonly string[] | undefined

  constructor(program: Program, variants: readonly (readonly string[])[]) {
    this.#program = program
    this.#variants = variants
  }

  /** @returns standard output @throws as `Program.run`; where no variant is accepted, the error of the first */
  async run(signal: AbortSignal): Promise<string> {
    if (this.#accepted) return this.#program.run(this.#accepted, signal)
    let refusal: CommandFailed | undefined
    for (const variant of this.#variants)
      try {
        const answer = await this.#program.run(variant, signal)
        this.#accepted = variant
        return answer
      } catch (error) {
        if (!(error instanceof CommandFailed && isUsage(error.output))) throw error
        refusal ??= error
      }
    throw refusal
  }
}

/** Whether the output complains about unknown arguments. */
const isUsage = (output: string): boolean =>
  /unrecognized arguments?|unknown option|not expected|invalid (option|argument|choice)|^usage:/im.test(
    output,
  )
