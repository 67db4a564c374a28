import { randomUUID } from 'node:crypto'
import type { InfluxClient } from './client.ts'
import { LatestRows } from './latest-rows.ts'
import { point, text } from './measurements.ts'

/**
 * A random id that the database keeps from its first use on. Where it is gone or another, the database is not the one that was
 * filled: it was dropped, came back without its data, or was exchanged.
 */
export class Identity {
  readonly #rows: LatestRows<string>

  constructor(influx: () => InfluxClient, nowMs: () => number) {
    this.#rows = new LatestRows<string>({
      influx,
      measurement: 'identity',
      keyOf: () => '',
      pointOf: (id, timeMs, revision) => point('identity', timeMs, {}, { id, revision }),
      of: (row) => text(row['id']),
      nowMs,
    })
  }

  /** The id that the database had when it was opened, or has been given since; undefined before. */
  get known(): string | undefined {
    return this.#rows.known.get('')
  }

  load(): Promise<void> {
    return this.#rows.load()
  }

  /** Whether the database is still the one that was opened. */
  async isSame(): Promise<boolean> {
    return (await this.#rows.stored()).get('') === this.known
  }

  /** Gives the database a new id. */
  begin(): Promise<void> {
    return this.#rows.write([randomUUID()])
  }

  carry(): Promise<void> {
    return this.#rows.carry()
  }
}
