import type { IPoint } from 'influx'
import { HOUR_MS } from '../../../protocol/units.ts'
import type { InfluxClient } from './client.ts'
import type { Row } from './measurements.ts'

/** How rows of one measurement are written and told apart. Of the rows of one key only the newest counts. */
interface LatestOptions<T> {
  influx: () => InfluxClient
  measurement: 'highWater' | 'claim' | 'identity'
  keyOf: (row: T) => string
  /** @param revision rises with every write: of two points with one key the higher counts, whatever the clock said */
  pointOf: (row: T, timeMs: number, revision: number) => IPoint
  of: (row: Row) => T
  nowMs: () => number
}

/**
 * Rows of which only the newest of each key counts, such as high-water marks. Each stands at the hour in which it was written. Once
 * an hour all are written again and the older points are deleted, so that no retention policy of the database ever takes one away.
 */
export class LatestRows<T> {
  readonly #o: LatestOptions<T>
  #rows = new Map<string, T>()
  #revision = 0
  #hourMs = Number.NEGATIVE_INFINITY

  constructor(options: LatestOptions<T>) {
    this.#o = options
  }

  /** Reads them; call it when the client is open. */
  async load(): Promise<void> {
    const { rows, revision } = await this.#stored()
    this.#rows = rows
    this.#revision = revision
    // the first write then also moves points that an earlier perwatt left at time 0
    this.#hourMs = Number.NEGATIVE_INFINITY
  }

  /** As they were read and written since. */
  get known(): ReadonlyMap<string, T> {
    return this.#rows
  }

  /** As the database has them now, by key. */
  async stored(): Promise<Map<string, T>> {
    return (await this.#stored()).rows
  }

  /**
   * Whether the database has what was read and written last: `behind` where it was put back to an earlier state, `ahead` where another
   * program has written since, or an own write took effect that seemed to fail.
   * @param tells what of a row is compared; absent: how far the rows are is looked at, and not what they say
   */
  async compare(tells?: (row: T) => string): Promise<'same' | 'behind' | 'ahead'> {
    const { influx, measurement } = this.#o
    if (!tells) {
      const [newest] = await influx().rows(`SELECT max(revision) AS revision FROM ${measurement}`)
      return byRevision(Number(newest?.['revision'] ?? 0), this.#revision)
    }
    const { rows, revision } = await this.#stored()
    const found = byRevision(revision, this.#revision)
    const isSame = ([key, row]: [string, T]) => {
      const stored = rows.get(key)
      return stored !== undefined && tells(stored) === tells(row)
    }
    return found === 'same' && ![...this.#rows].every(isSame) ? 'behind' : found
  }

  async #stored(): Promise<{ rows: Map<string, T>; revision: number }> {
    const { influx, measurement, of, keyOf } = this.#o
    const found = (await influx().rows(`SELECT * FROM ${measurement}`))
      .map((row) => ({ row: of(row), revision: Number(row['revision'] ?? 0) }))
      .sort((a, b) => a.revision - b.revision)
    return {
      rows: new Map(found.map(({ row }) => [keyOf(row), row])),
      revision: found.at(-1)?.revision ?? 0,
    }
  }

  /** Writes rows, and once an hour all others with them. What is known changes only where the database took them. */
  async write(rows: Iterable<T>): Promise<void> {
    const { influx, measurement, keyOf, pointOf, nowMs } = this.#o
    const changed = [...rows].map((row) => [keyOf(row), row] as const)
    const hourMs = Math.floor(nowMs() / HOUR_MS) * HOUR_MS
    const turned = hourMs > this.#hourMs
    const next = turned ? new Map([...this.#rows, ...changed]) : new Map(changed)
    if (next.size === 0) return
    const revision = this.#revision + 1
    await influx().write([...next.values()].map((row) => pointOf(row, hourMs, revision)))
    this.#revision = revision
    for (const [key, row] of changed) this.#rows.set(key, row)
    if (!turned) return
    await influx().remove([`DELETE FROM ${measurement} WHERE time < ${hourMs}ms`])
    this.#hourMs = hourMs
  }

  /** Writes all again where an hour has passed. */
  carry(): Promise<void> {
    return this.write([])
  }
}

const byRevision = (stored: number, known: number): 'same' | 'behind' | 'ahead' => {
  if (stored === known) return 'same'
  return stored < known ? 'behind' : 'ahead'
}
