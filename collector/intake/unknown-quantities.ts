import type { Interval } from '../../protocol/interval.ts'
import type { Log } from '../../protocol/kit/log.ts'

/** Agents that are counted, and names of each: anybody may publish under any name. */
const AGENTS_KEPT = 1_000
const NAMES_KEPT = 32

/** What an agent sends that this version has no name for. */
interface UnknownQuantities {
  /** in the order in which they came */
  names: ReadonlySet<string>
  /** records that have any of them, since the start */
  records: number
}

/** Counts what newer agents send under names that this version does not know. It is stored beside the records. */
export class UnknownQuantitiesBook {
  readonly #log: Log
  readonly #byAgent = new Map<string, { names: Set<string>; records: number }>()

  constructor(log: Log) {
    this.#log = log
  }

  get byAgent(): ReadonlyMap<string, UnknownQuantities> {
    return this.#byAgent
  }

  /** Records of an agent were stored. A name that is new for the agent is logged once. */
  note(agentId: string, records: readonly Pick<Interval, 'extra'>[]): void {
    const extras = records.flatMap(({ extra }) => (extra ? [extra] : []))
    if (extras.length === 0) return
    const known = this.#byAgent.get(agentId) ?? { names: new Set(), records: 0 }
    if (known.records === 0 && this.#byAgent.size >= AGENTS_KEPT) return
    this.#byAgent.set(agentId, known)
    known.records += extras.length
    const before = known.names.size
    for (const name of extras.flatMap((extra) => Object.keys(extra)))
      if (known.names.size < NAMES_KEPT) known.names.add(name)
    if (known.names.size > before)
      this.#log.warn(
        'this agent sends quantities that this version does not know; they are kept and are in no sum. Update the collector',
        { agent: agentId, quantities: [...known.names].join(', ') },
      )
  }
}
