import type { Log } from '../../protocol/kit/log.ts'
import type { SiteState } from '../live/state.ts'
import type { InventoryBook } from './inventory.ts'

/** An agent that has never sent a record is forgotten this long after it was last heard. */
const FORGOTTEN_MS = 24 * 3_600_000
/** Agents whose last sign is remembered; anybody may publish under any name. */
const MOST_AGENTS = 10_000

export interface ForgettingOptions {
  state: Pick<SiteState, 'agents' | 'forget'>
  inventory: Pick<InventoryBook, 'forget'>
  /** whether the agent has ever sent records */
  hasRecords(agentId: string): boolean
  /** clears what the broker has kept of the agent */
  clear(agentId: string): void
  /** steady clock, ms: the wall clock may be wrong */
  steadyMs: () => number
  log: Log
}

/**
 * Forgets agents that never were: names that were mistyped, tried or invented, whose devices and silence would be shown for ever. One that
 * has sent a record has a ledger, and stays.
 */
export class Forgetting {
  readonly #o: ForgettingOptions
  readonly #startedMs: number
  readonly #heardMs = new Map<string, number>()

  constructor(options: ForgettingOptions) {
    this.#o = options
    this.#startedMs = options.steadyMs()
  }

  /** A message of the agent came that the broker had not kept. */
  heard(agentId: string): void {
    if (this.#heardMs.has(agentId) || this.#heardMs.size < MOST_AGENTS)
      this.#heardMs.set(agentId, this.#o.steadyMs())
  }

  /** When a message of the agent came last that the broker had not kept, steady ms; undefined: none since the start. */
  heardMs(agentId: string): number | undefined {
    return this.#heardMs.get(agentId)
  }

  /** Forgets those that are due. */
  look(): void {
    const { state, inventory, hasRecords, clear, steadyMs, log } = this.#o
    const now = steadyMs()
    for (const { agentId } of [...state.agents()]) {
      if (hasRecords(agentId) || now - (this.#heardMs.get(agentId) ?? this.#startedMs) < FORGOTTEN_MS)
        continue
      state.forget(agentId)
      inventory.forget(agentId)
      clear(agentId)
      this.#heardMs.delete(agentId)
      log.info('an agent that never sent a record is forgotten; it is known again once it is heard', {
        agent: agentId,
      })
    }
  }
}
