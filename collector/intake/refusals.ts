import type { Log } from '../../protocol/kit/log.ts'

/** Agents whose refusals are kept; anybody may publish under any name. */
const KEPT = 1_000

interface Refusal {
  reason: string
  /** collector's clock */
  atMs: number
}

/** The newest batch of each agent whose numbers can't be. */
export class Refusals {
  readonly #nowMs: () => number
  readonly #log: Log
  readonly #byAgent = new Map<string, Refusal>()

  constructor({ nowMs, log }: { nowMs: () => number; log: Log }) {
    this.#nowMs = nowMs
    this.#log = log
  }

  get byAgent(): ReadonlyMap<string, Refusal> {
    return this.#byAgent
  }

  note(agentId: string, reason: string): void {
    const isNew = !this.#byAgent.has(agentId)
    if (isNew && this.#byAgent.size >= KEPT) return
    this.#byAgent.set(agentId, { reason, atMs: this.#nowMs() })
    if (isNew) this.#log.error('batch refused; nothing of it is taken', { agent: agentId, reason })
  }

  delete(agentId: string): void {
    this.#byAgent.delete(agentId)
  }
}
