import { type Interval, intervalKey } from '../../protocol/interval.ts'

/** A record as text, its fields in one order: equal records have equal texts. */
export const recordText = ({ owner, ...rest }: Interval): string => {
  const sorted = (o: object) => Object.entries(o).sort(([a], [b]) => (a < b ? -1 : 1))
  return JSON.stringify([sorted(owner), sorted(rest)])
}

/** Every record of one agent that was seen closed: in its spool, or in a message. */
export class ClosedRecords {
  /** record by its key */
  readonly byKey = new Map<string, Interval>()
  /** keys of records that were sent while the disk was full, and were never seen on it: a kill may lose them */
  readonly inMemoryOnly = new Set<string>()
  /** violations: two records under one key, or two records under one number */
  readonly contradictions = new Set<string>()
  readonly #keys = new Map<string, string>()
  readonly #numberOf = new Map<string, number>()
  readonly #numbers = new Set<number>()

  /** Notes a batch of records. @param onDisk false while the agent's disk is full */
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

  /** A record's place in the order of closing; undefined where the record was never seen. */
  numberOf(record: Interval): number | undefined {
    return this.#numberOf.get(intervalKey(record))
  }

  /** Numbers below the highest that were never seen: their records were closed, delivered and trimmed between two readings of the spool. */
  get unseen(): number {
    let highest = 0
    for (const seq of this.#numbers) highest = Math.max(highest, seq)
    return highest - this.#numbers.size
  }
}

/** A spool that a backup replaced. */
export interface Overwritten {
  agent: string
  /** keys of the records that were closed since the backup */
  keys: ReadonlySet<string>
}
