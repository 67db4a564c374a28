import type { Check } from './check.ts'
import { type Part, Program } from './part.ts'

/** How long each part took to recover by itself after the faults. */
export class Recovery {
  readonly #figures: string[] = []
  readonly #problems: string[] = []

  /** Times `work`. @param work resolves with what did not recover, or undefined */
  async time(what: string, work: () => Promise<string | undefined>): Promise<void> {
    const beganMs = performance.now()
    const problem = await work()
    const tookS = ((performance.now() - beganMs) / 1000).toFixed(1)
    if (problem === undefined) this.#figures.push(`${what} after ${tookS} s`)
    else this.#problems.push(`not ${what} in ${tookS} s: ${problem}`)
  }

  check(parts: Iterable<Part>): Check {
    const all = [...parts]
    const restarts = all.reduce((sum, part) => sum + (part instanceof Program ? part.restarts : 0), 0)
    return {
      id: 'e',
      title: 'each part recovered by itself',
      figures: [...this.#figures, `${restarts} orderly ends by itself, started again by the supervisor`].join(
        ', ',
      ),
      problems: [...this.#problems, ...all.flatMap((part) => part.accidents)],
    }
  }
}
