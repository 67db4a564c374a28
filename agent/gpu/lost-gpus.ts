import type { Reading } from '../plugin/reading.ts'

/** The GPUs that a session has seen. A lost GPU is an event, not a gap: it stays in the answer until it is back or the agent restarts. */
export class LostGpus {
  readonly #seen = new Map<string, Reading['identity']>()
  readonly #advice: string
  readonly #source: string

  /**
   * @param source what the GPU is missing from, such as `the exporter's answer`
   * @param advice what to look at
   */
  constructor(source: string, advice: string) {
    this.#source = source
    this.#advice = advice
  }

  /** The readings of one poll, each with its part, and after them what was there before and is missing now, as faulty. */
  with(readings: readonly Reading[]): Reading[] {
    const present = new Set(readings.map((r) => r.part))
    const lost = [...this.#seen].filter(([part]) => !present.has(part)).map((gpu) => this.#lost(gpu))
    for (const { part, identity } of readings) if (part) this.#seen.set(part, identity)
    return [...readings, ...lost]
  }

  #lost([part, identity]: [string, Reading['identity']]): Reading {
    const name = identity.hardwareId ? `${part} (${identity.hardwareId})` : part
    const fault = `${name} is missing from ${this.#source}; check ${this.#advice}`
    return { part, identity, sample: { state: 'faulty', faults: [fault.slice(0, 256)] } }
  }
}
