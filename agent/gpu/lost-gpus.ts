import type { Reading } from '../plugin/reading.ts'

/**
 * Remembers every GPU of a session. A GPU that disappears is a fault, not a gap in the data: it stays among the readings as faulty
 * until it returns or the agent restarts.
 */
export class LostGpus {
  readonly #seen = new Map<string, Reading['identity']>()
  readonly #advice: string
  readonly #source: string

  /**
   * @param source where the GPU is missing, such as `the exporter's answer`; part of the fault text
   * @param advice what the operator should check
   */
  constructor(source: string, advice: string) {
    this.#source = source
    this.#advice = advice
  }

  /** The readings of one poll (each names its part), followed by a faulty reading for each GPU that has disappeared. */
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
