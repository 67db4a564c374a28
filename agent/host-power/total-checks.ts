import { type KnownTotal, TotalCheck } from './total-check.ts'

/** What the checks of a machine's totals have taught, by the total's name. JSON. */
export type KnownTotals = Readonly<Record<string, KnownTotal>>

/** The checks of a machine's totals by name: one that was refused stays so where its machine is looked for again, and in the next run. */
export class TotalChecks {
  readonly #checks = new Map<string, TotalCheck>()

  /** @param known what an earlier run of the agent has learnt; anything else is taken for nothing */
  constructor(known: unknown = undefined) {
    if (typeof known !== 'object' || known === null) return
    for (const [name, one] of Object.entries(known)) this.#checks.set(name, new TotalCheck(one))
  }

  /** What the next run of the agent should know; undefined: nothing. */
  get known(): KnownTotals | undefined {
    const refused = [...this.#checks].flatMap(([name, { known }]) => (known ? [[name, known] as const] : []))
    return refused.length > 0 ? Object.fromEntries(refused) : undefined
  }

  /** The check of a total. */
  of(name: string): TotalCheck {
    const check = this.#checks.get(name) ?? new TotalCheck()
    this.#checks.set(name, check)
    return check
  }
}
