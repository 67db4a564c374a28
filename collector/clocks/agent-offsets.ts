/** Messages of the last this long are compared: one of them was hardly delayed. */
const COMPARED_MS = 30_000
/** Of the messages of such a time the least delayed one is kept: an agent may send four a second. */
const STEP_MS = 1_000
/** An agent that was not heard for this long says nothing about clocks. */
const FRESH_MS = 60_000
/** Anybody may publish under any name. */
const MOST_AGENTS = 10_000

interface Heard {
  steadyMs: number
  /** collector's clock at receipt minus the agent's at sending, ms: the offset and the delay */
  oneWayMs: number
}

/**
 * How far each agent's clock is from the collector's, by the times that its live and status messages say. A delay only ever adds, so the
 * least of a few messages is the offset to within a network's delay. Agents of every version tell that.
 */
export class AgentOffsets {
  readonly #heard = new Map<string, Heard[]>()

  /** A message that was sent now, not a retained one. */
  heard(agentId: string, oneWayMs: number, steadyMs: number): void {
    const list = this.#heard.get(agentId) ?? []
    if (list.length === 0 && this.#heard.size >= MOST_AGENTS) return
    const last = list.at(-1)
    if (last && steadyMs - last.steadyMs < STEP_MS) {
      last.oneWayMs = Math.min(last.oneWayMs, oneWayMs)
      return
    }
    const recent = list.filter((h) => steadyMs - h.steadyMs < COMPARED_MS)
    recent.push({ steadyMs, oneWayMs })
    this.#heard.set(agentId, recent.slice(-30))
  }

  /** The collector's clock was set by so much. */
  clockSet(stepMs: number): void {
    for (const list of this.#heard.values()) for (const h of list) h.oneWayMs += stepMs
  }

  /** The agents that were heard lately: their clock minus the collector's, ms. */
  ahead(steadyMs: number): Map<string, number> {
    const found = new Map<string, number>()
    for (const [agentId, list] of this.#heard) {
      const last = list.at(-1)
      if (!last || steadyMs - last.steadyMs > FRESH_MS) this.#heard.delete(agentId)
      else found.set(agentId, -Math.min(...list.map((h) => h.oneWayMs)))
    }
    return found
  }
}
