import { FittedParts } from './fitted-parts.ts'

/** What a machine's sums were made of, by the places that show them: it outlives the search for the machine. */
export class FittedPlaces {
  readonly #places = new Map<string, FittedParts>()
  readonly #groups = new Map<string, Set<FittedParts>>()

  /**
   * @param place that shows parts
   * @param kind as of `FittedParts`
   * @param group of what; other places of the same show the same parts
   */
  of(place: string, kind: string, group = ''): FittedParts {
    const key = `${group} ${place} ${kind}`
    const beside = this.#groups.get(group) ?? new Set()
    this.#groups.set(group, beside)
    const fitted = this.#places.get(key) ?? new FittedParts(kind, group === '' ? new Set() : beside)
    this.#places.set(key, fitted)
    return fitted
  }

  /** Those of the sensors of something. */
  sensors(group: string): { supplies: FittedParts; inputs: FittedParts } {
    return {
      supplies: this.of('Sensors', 'supplies', group),
      inputs: this.of(`Sensors of ${group}`, 'inputs'),
    }
  }
}
