import { type Interval, intervalKey } from '../../protocol/interval.ts'

/** A record's contents, field by field in one order, so that equal records have equal texts. */
export const recordText = ({ owner, ...rest }: Interval): string => {
  const sorted = (o: object) => Object.entries(o).sort(([a], [b]) => (a < b ? -1 : 1))
  return JSON.stringify([sorted(owner), sorted(rest)])
}

/** Every record that one agent is known to have closed: seen in its spool, or on its way. */
export class ClosedRecords {
  /** record by its key */
  readonly byKey = new Map<string, Interval>()
  /** keys of those that were sent while the disk took nothing, and were never seen on it: a kill may take them */
  readonly inMemoryOnly = new Set<string>()
  /** what no agent may do: two records under one key, or one number for two records */
  readonly contradictions = new Set<string>()
  readonly #keys = new Map<string, string>()
  readonly #numberOf = new Map<string, number>()
  readonly #numbers = new Set<number>()

  /** @param onDisk false: the agent's disk is full now */
  add(epoch: number, firstSeq: number, records: readonly Interval[], onDisk: boolean): void {
    for (const [i, record] of records.entries()) {
      const key = intervalKey(record)
      const known = this.byKey.get(key)
      if (!known && !onDisk) this.inMemoryOnly.add(key)
      if (onDisk) this.inMemoryOnly.delete(key)
      if (!known) this.byKey.set(key, record)
      else if (recordText(known) !== recordText(record))
        this.contradictions.add(
          `${key} was closed twice, as ${recordText(known)} and as ${recordText(record)}`,
        )
      const number = `${epoch} ${firstSeq + i}`
      const before = this.#keys.get(number)
      this.#keys.set(number, key)
      if (!known) this.#numberOf.set(key, firstSeq + i)
      this.#numbers.add(firstSeq + i)
      if (before !== undefined && before !== key)
        this.contradictions.add(`number ${firstSeq + i} of epoch ${epoch} is ${before}, and then ${key}`)
    }
  }

  /** Where a record stands in the order of closing; undefined where it was never seen. */
  numberOf(record: Interval): number | undefined {
    return this.#numberOf.get(intervalKey(record))
  }

  /** Numbers up to the highest that were never seen: of records that were closed, delivered and forgotten between two looks. */
  get unseen(): number {
    let highest = 0
    for (const seq of this.#numbers) highest = Math.max(highest, seq)
    return highest - this.#numbers.size
  }
}
