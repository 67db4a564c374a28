import { BY_DATABASE, type Loss } from '../plugin/audit-store.ts'
import type { Append, StoreWarning } from '../plugin/store.ts'

/** Names the database as the cause of a loss: in the first batch of each agent after the store told that records are gone. */
export class LossCauses {
  readonly #warnings: () => readonly StoreWarning[]
  /** by warning, for each agent the number of its first record after the loss; undefined where it had everything */
  readonly #firstSeqs = new Map<StoreWarning, Map<string, number | undefined>>()

  constructor(warnings: () => readonly StoreWarning[]) {
    this.#warnings = warnings
  }

  /** The same appends; a batch that comes again, because it could not be stored, gets the same cause again. */
  of(appends: readonly Append[]): readonly Append[] {
    const open = this.#warnings().filter(({ agents = [] }) => agents.length > 0)
    if (open.length === 0) return appends
    return appends.map((append) => {
      const [loss] = append.losses ?? []
      const caused = open.filter((warning) => this.#isFirst(warning, append.agentId, loss?.seq))
      if (!append.losses || caused.length === 0) return append
      return { ...append, losses: append.losses.map(byDatabase) }
    })
  }

  #isFirst(warning: StoreWarning, agentId: string, seq: number | undefined): boolean {
    if (!warning.agents?.includes(agentId)) return false
    const seqs = this.#firstSeqs.get(warning) ?? new Map<string, number | undefined>()
    this.#firstSeqs.set(warning, seqs)
    if (!seqs.has(agentId)) seqs.set(agentId, seq)
    return seq !== undefined && seqs.get(agentId) === seq
  }
}

/** Its mark went with the database, so that its spool may look like another one. */
const byDatabase = ({ kind, cause, ...loss }: Loss): Loss => ({
  ...loss,
  cause: kind === undefined ? (cause ?? BY_DATABASE) : BY_DATABASE,
})
