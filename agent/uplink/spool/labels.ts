/** Numbered records that were written under one clock, both ends included. */
interface Run {
  fromSeq: number
  toSeq: number
  /** stretch of the agent's clock; present until it is known whether that clock was right: the records are not sent */
  stretch?: number
  /** right time minus the time that the records say, ms; present once it is known */
  shiftMs?: number
}

/** Kept on disk as JSON in the checkpoint. */
export type LabelsState = readonly Run[]

/** Right time minus the time that records of a stretch of the agent's clock say, ms; undefined: not known yet. */
export type ShiftOf = (stretch: number) => number | undefined

/**
 * Which records say the time of a clock that may be wrong. They are held until the right time is known. Their files stay as they
 * are: the shift is applied when records are read, and they were never sent before, so that a number never means two records.
 */
export class Labels {
  #runs: Run[]

  constructor(state: LabelsState = []) {
    this.#runs = state.map((run) => ({ ...run }))
  }

  get state(): LabelsState {
    return this.#runs
  }

  /** Records that are held. */
  get held(): number {
    return this.#runs.reduce((sum, r) => sum + (r.stretch === undefined ? 0 : r.toSeq - r.fromSeq + 1), 0)
  }

  /** The first record that is held; undefined where none is. */
  get firstHeld(): number | undefined {
    return this.#runs.find((run) => run.stretch !== undefined)?.fromSeq
  }

  /** Records from `fromSeq` on were written under the clock of a stretch. */
  hold(fromSeq: number, records: number, stretch: number): void {
    const last = this.#runs.at(-1)
    const toSeq = fromSeq + records - 1
    if (last && last.stretch === stretch && last.toSeq === fromSeq - 1) last.toSeq = toSeq
    else this.#runs.push({ fromSeq, toSeq, stretch })
  }

  /** The first held records whose right time is known, at most `limit`; undefined where there are none. */
  firstKnown(
    shiftOf: ShiftOf,
    limit: number,
  ): { fromSeq: number; toSeq: number; shiftMs: number } | undefined {
    for (const { fromSeq, toSeq, stretch } of this.#runs) {
      const shiftMs = stretch === undefined ? undefined : shiftOf(stretch)
      if (shiftMs !== undefined)
        return { fromSeq, toSeq: shiftMs === 0 ? toSeq : Math.min(toSeq, fromSeq + limit - 1), shiftMs }
    }
    return undefined
  }

  /** These records, the first of a run, are held no longer: their right time is the one that they say plus `shiftMs`. */
  release({ fromSeq, toSeq, shiftMs }: { fromSeq: number; toSeq: number; shiftMs: number }): void {
    this.#runs = this.#runs.flatMap((run): Run[] => {
      if (run.fromSeq !== fromSeq || run.stretch === undefined) return [run]
      const rest = run.toSeq > toSeq ? [{ ...run, fromSeq: toSeq + 1 }] : []
      return shiftMs === 0 ? rest : [{ fromSeq, toSeq, shiftMs }, ...rest]
    })
  }

  /** Right time minus the time that a record says, ms; undefined: it is held. */
  shiftAt(seq: number): number | undefined {
    const run = this.#runs.find(({ fromSeq, toSeq }) => seq >= fromSeq && seq <= toSeq)
    return run === undefined ? 0 : run.shiftMs
  }

  /** The stretch that a record is held for. */
  stretchAt(seq: number): number | undefined {
    return this.#runs.find(({ fromSeq, toSeq }) => seq >= fromSeq && seq <= toSeq)?.stretch
  }

  /** Records before `seq` are gone. */
  dropBefore(seq: number): void {
    if ((this.#runs[0]?.fromSeq ?? seq) >= seq) return
    this.#runs = this.#runs.flatMap((run) => {
      if (run.toSeq < seq) return []
      return [{ ...run, fromSeq: Math.max(run.fromSeq, seq) }]
    })
  }
}
