import { type KnownCounters, TwoWayCounters } from '../../counting/two-way-counters.ts'
import type { PduPart } from './layout.ts'

/** The counters of each part of a PDU. */
export class PartCounters {
  readonly #counters = new Map<string, TwoWayCounters>()
  /** by part and units of its counters */
  readonly #before: Readonly<Record<string, KnownCounters>>

  /** @param known of an earlier session, as `known` was */
  constructor(known: unknown) {
    this.#before = known !== null && typeof known === 'object' ? (known as Record<string, KnownCounters>) : {}
  }

  /** What a later session should know; undefined: nothing. Of a part that has not been seen yet it is what was known before. */
  get known(): Record<string, KnownCounters> | undefined {
    const all = { ...this.#before }
    for (const [key, { known }] of this.#counters) {
      if (known) all[key] = known
      else delete all[key]
    }
    return Object.keys(all).length > 0 ? all : undefined
  }

  /** A part keeps its counters over a reboot of the PDU, unless their unit has changed. */
  of({ part, energy, exported }: PduPart): TwoWayCounters {
    const stepsJ = { energyJ: energy?.scale ?? 0, exportedJ: exported?.scale ?? 0 }
    const key = `${part} ${stepsJ.energyJ} ${stepsJ.exportedJ}`
    const known = this.#counters.get(key) ?? new TwoWayCounters(stepsJ, this.#before[key])
    this.#counters.set(key, known)
    return known
  }
}
