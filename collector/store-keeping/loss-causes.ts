import { BY_DATABASE, type Loss } from '../plugin/audit-store.ts'
import type { Append, StoreWarning } from '../plugin/store.ts'

/** What tells that records of agents are not in the database. */
interface Told {
  /** absent: of any */
  agents?: readonly string[]
  /** the cause of a loss as this tells it, or as it was */
  told(loss: Loss): Loss
  /** for each agent the number of its first record after the loss; undefined where it had everything */
  firstSeqs: Map<string, number | undefined>
}

/**
 * Names the cause of a loss that no agent reported, in the first batch of each agent after it: the database, where the store told that
 * records are gone, or another collector that served meanwhile.
 */
export class LossCauses {
  readonly #warnings: () => readonly StoreWarning[]
  readonly #byWarning = new Map<StoreWarning, Told>()
  readonly #others: Told[] = []

  constructor(warnings: () => readonly StoreWarning[]) {
    this.#warnings = warnings
  }

  /** Another collector had the site, with a database of its own. @param place for a person */
  otherServed(place: string): void {
    const told = (loss: Loss): Loss =>
      loss.kind === undefined && loss.cause === BY_DATABASE ? { ...loss, cause: byOther(place) } : loss
    this.#others.push({ told, firstSeqs: new Map() })
  }

  /** The same appends; a batch that comes again, because it could not be stored, gets the same cause again. */
  of(appends: readonly Append[]): readonly Append[] {
    const open = [...this.#warned(), ...this.#others]
    if (open.length === 0) return appends
    return appends.map((append) => {
      const [loss] = append.losses ?? []
      const caused = open.filter((each) => isFirst(each, append.agentId, loss?.seq))
      if (!append.losses || caused.length === 0) return append
      const losses = append.losses.map((each) => caused.reduce((so, { told }) => told(so), each))
      return { ...append, losses }
    })
  }

  #warned(): Told[] {
    return this.#warnings().flatMap((warning) => {
      const { agents = [] } = warning
      if (agents.length === 0) return []
      const told = this.#byWarning.get(warning) ?? { agents, told: byDatabase, firstSeqs: new Map() }
      this.#byWarning.set(warning, told)
      return [told]
    })
  }
}

function isFirst({ agents, firstSeqs }: Told, agentId: string, seq: number | undefined): boolean {
  if (agents && !agents.includes(agentId)) return false
  if (!firstSeqs.has(agentId)) firstSeqs.set(agentId, seq)
  return seq !== undefined && firstSeqs.get(agentId) === seq
}

const byOther = (place: string): string =>
  `another collector, on ${place}, acknowledged them while it had the site: they are in its database, not lost, and not in this ledger; keep that database, and bill their time from the ledger and statements of that collector`

/** Its mark went with the database, so that its spool may look like another one. */
const byDatabase = ({ kind, cause, ...loss }: Loss): Loss => ({
  ...loss,
  cause: kind === undefined ? (cause ?? BY_DATABASE) : BY_DATABASE,
})
