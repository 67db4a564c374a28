import type { AsicFacts } from './facts.ts'

/** Polls in which a machine shows work before an earlier answer’s word of a stop is dropped: a last share may come after it. */
const SIGNS_OF_WORK = 3

/** What only a machine that works shows: a left-over average stands still or falls. */
interface Work {
  hashrateHs: number
  accepted: number
  workDiff1: number
}

/**
 * Whether one machine was told to stop, by each of its answers that tells it. Where an answer is missing in a poll, its last one
 * counts, so that a left-over average is no hashrate then either: until it is told again, or until the machine shows that it works. A restart
 * of the agent changes nothing of that.
 */
export class ToldToStop {
  readonly #told = new Map<string, boolean>()
  #last: Work | undefined
  #signs = 0

  /** The answers that told a stop last, for the next session; undefined: none did. JSON. */
  get known(): string[] | undefined {
    const told = [...this.#told].flatMap(([answer, says]) => (says ? [answer] : []))
    return told.length > 0 ? told : undefined
  }

  /** @param known as `known` was; anything else is taken for nothing */
  recall(known: unknown): void {
    if (!Array.isArray(known)) return
    for (const answer of known) if (typeof answer === 'string') this.#told.set(answer, true)
  }

  of(facts: AsicFacts): boolean {
    const { asleep, stopped = {} } = facts
    for (const [answer, says] of Object.entries(stopped)) if (says !== undefined) this.#told.set(answer, says)
    const isTold = asleep === true || saysStop(facts)
    const isUntold = [...this.#told].some(([answer, said]) => said && stopped[answer] === undefined)
    if (isTold || !isUntold) {
      this.#signs = 0
      this.#last = undefined
      return isTold
    }
    if (this.#showsWork(workOf(facts))) this.#signs++
    if (this.#signs < SIGNS_OF_WORK) return true
    this.forget()
    return false
  }

  /** The machine has restarted. */
  forget(): void {
    this.#told.clear()
    this.#last = undefined
    this.#signs = 0
  }

  #showsWork(now: Work): boolean {
    const last = this.#last
    this.#last = now
    if (!last) return false
    return now.hashrateHs > last.hashrateHs || now.accepted > last.accepted || now.workDiff1 > last.workDiff1
  }
}

/** What a reply says, where it is there: one that is cut may lack the word. */
export const toldOf = (reply: { complete: boolean } | undefined, says: boolean): boolean | undefined =>
  reply && (says || reply.complete) ? says : undefined

/** Whether an answer of this poll says that the machine was told to stop. */
export const saysStop = ({ stopped = {} }: AsicFacts): boolean => Object.values(stopped).includes(true)

const workOf = ({ hashrateHs = 0, pools }: AsicFacts): Work => ({
  hashrateHs,
  accepted: pools?.shares?.accepted ?? 0,
  workDiff1: (pools?.byOwner ?? []).reduce((sum, { workDiff1 = 0 }) => sum + workDiff1, 0),
})
