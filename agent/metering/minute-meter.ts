import type { Interval, IntervalQuantity } from '../../protocol/interval.ts'
import { type Owner, ownerKey } from '../../protocol/owner.ts'
import { relabelled } from '../../protocol/relabel.ts'
import { MINUTE_MS, minuteOf } from '../../protocol/units.ts'
import { type Bucket, shareEnergyByWork } from './bucket.ts'
import { isBlock, type Piece } from './piece.ts'
import { UsedTimes, type UsedTimesState } from './used-times.ts'

/** Kept on disk as JSON in the spool's checkpoint, so that the next run of the agent goes on with the open records. */
export interface MinuteMeterState {
  buckets: Bucket[]
  /** in states that an older version wrote: the minutes up to this one may have records */
  closedThroughMs?: number
  /** absent in states that an older version wrote */
  used?: UsedTimesState
  /** in states that an older version wrote: record starts inside minutes that had records before, Unix ms */
  starts?: number[]
  stretch: number
}

/** The open records of one device, by UTC minute and owner. It makes each record key (owner, startMs) only once. */
export class MinuteMeter {
  readonly #deviceId: string
  readonly #buckets: Map<string, Bucket>
  readonly #used: UsedTimes
  #sealed = 0
  #stretch: number
  #clock: number | undefined

  /** @param clock stretch of the agent's clock that is now */
  constructor(deviceId: string, state?: MinuteMeterState, clock?: number) {
    this.#clock = clock
    this.#deviceId = deviceId
    this.#buckets = new Map(
      (state?.buckets ?? []).map((b) => [
        b.sealed ? `|sealed ${this.#sealed++}` : keyOf(b.owner, b),
        { ...b, sums: { ...b.sums } },
      ]),
    )
    this.#used = new UsedTimes(state?.used, state)
    this.#stretch = state?.stretch ?? 0
  }

  get state(): MinuteMeterState {
    return {
      buckets: [...this.#buckets.values()].map((b) => ({ ...b, sums: { ...b.sums } })),
      used: this.#used.state,
      stretch: this.#stretch,
    }
  }

  get empty(): boolean {
    return this.#buckets.size === 0
  }

  /** The stretches of the agent's clock that it has open records of. */
  get clocks(): Set<number | undefined> {
    return new Set([...this.#buckets.values()].map(({ clock }) => clock))
  }

  has(owner: Owner, piece: Piece): boolean {
    return this.#buckets.has(keyOf(owner, piece))
  }

  /** Whether an open record, of whatever owner, tells of this time or goes up to it, Unix ms. */
  reaches(ms: number): boolean {
    return [...this.#buckets.values()].some(
      ({ startMs, endMs, shiftMs = 0 }) => startMs + shiftMs <= ms && endMs + shiftMs >= ms,
    )
  }

  /** The bucket of an owner and a piece of time; a new one where there is none. @param recovered the piece lies in a gap */
  at(owner: Owner, piece: Piece, recovered: boolean): Bucket {
    const key = keyOf(owner, piece)
    let b = this.#buckets.get(key)
    if (!b) {
      const again = this.#used.has(piece)
      const startMs = isBlock(piece) ? piece.startMs : this.#used.free(piece.startMs, again)
      const endMs = Math.max(piece.endMs, startMs + 1)
      const stretch = this.#stretch
      b = { owner, startMs, endMs, coveredMs: 0, sums: {}, recovered, sealed: false, again, stretch }
      if (this.#clock !== undefined) b.clock = this.#clock
      this.#buckets.set(key, b)
    }
    b.endMs = Math.max(b.endMs, piece.endMs)
    b.recovered ||= recovered
    return b
  }

  /** Completes all buckets: the wall clock was set, so nothing that follows belongs to their time. */
  seal(): void {
    this.#stretch++
    for (const [key, b] of [...this.#buckets]) {
      if (b.sealed) continue
      b.sealed = true
      this.#used.note(b.clock, b.startMs, b.endMs - 1)
      this.#buckets.delete(key)
      this.#buckets.set(`|sealed ${this.#sealed++}`, b)
    }
  }

  /**
   * The clock was set, and another stretch of it begins: nothing that follows belongs to what is open. What is open goes over to the new
   * stretch by the step, because it was never sent, and the clock was wrong when it was recorded.
   * @param stepMs by how much
   * @param isKnown false: the computer was started in between, so what is open stays in the stretch before
   */
  begin(clock: number, stepMs: number, isKnown: boolean): void {
    for (const b of isKnown ? this.#buckets.values() : []) {
      if (isBlock(b) || b.clock !== this.#clock) continue
      b.shiftMs = (b.shiftMs ?? 0) + stepMs
      b.clock = clock
      b.sealed = true
    }
    for (const [key, b] of [...this.#buckets]) {
      if (b.shiftMs === undefined || key.startsWith('|')) continue
      this.#buckets.delete(key)
      this.#buckets.set(`|sealed ${this.#sealed++}`, b)
    }
    this.seal()
    this.#clock = clock
    this.#used.clockSet(stepMs)
  }

  /**
   * The agent's clock is right at `wallMs`: times of which the right one is known are used there and nowhere else.
   * @param shiftOf right time minus the time that records of a stretch say, ms; undefined: not known yet
   */
  trustClock(wallMs: number, shiftOf?: (clock: number) => number | undefined): void {
    this.#used.trust(wallMs, this.#clock, shiftOf)
  }

  /**
   * Takes out the records that are complete: sealed buckets, blocks, and minutes that end by `endMs` (Unix ms).
   * @param clocks only those of these stretches of the agent's clock; absent: all
   * @returns about `limit` records; the owners of one minute stay together, so it may be a few more
   */
  take(endMs: number, limit: number, clocks?: ReadonlySet<number | undefined>): Interval[] {
    const groups = new Map<string, [string, Bucket][]>()
    for (const [key, b] of this.#buckets) {
      if (clocks && !clocks.has(b.clock)) continue
      if (!b.sealed && !isBlock(b) && minuteOf(b.startMs) + MINUTE_MS > endMs) continue
      const group = `${groupOf(b)}|${b.stretch}`
      groups.set(group, [...(groups.get(group) ?? []), [key, b]])
    }
    const records: Interval[] = []
    for (const group of groups.values()) {
      if (records.length >= limit) break
      shareEnergyByWork(group.map(([, b]) => b))
      for (const [key, b] of group) {
        while (isBlock(b) && records.length < limit) records.push(...this.#records(this.#firstMinuteOf(b)))
        if (isBlock(b)) continue
        this.#buckets.delete(key)
        // the last minute that is left of a block still has the minute's first ms as its start, which may be used already
        if (b.again && b.startMs === minuteOf(b.startMs)) b.startMs = this.#used.free(b.startMs, true)
        records.push(...this.#records(b))
      }
    }
    return records
  }

  /** One record, or two where it was open when the clock was set, and crosses a minute of the new time. */
  #records(b: Bucket): Interval[] {
    const record = this.#record(b)
    const { clock, shiftMs } = b
    if (shiftMs === undefined) {
      this.#used.note(clock, record.startMs)
      return [record]
    }
    return relabelled(record, shiftMs).map((part) => {
      const startMs = this.#used.free(part.startMs, this.#used.has(part))
      const durationMs = Math.max(1, part.durationMs - (startMs - part.startMs))
      this.#used.note(clock, startMs)
      return { ...part, startMs, durationMs, coveredMs: Math.min(part.coveredMs, durationMs) }
    })
  }

  #record(b: Bucket): Interval {
    const durationMs = b.endMs - b.startMs
    const record: Interval = {
      deviceId: this.#deviceId,
      owner: b.owner,
      startMs: b.startMs,
      durationMs,
      coveredMs: Math.min(b.coveredMs, durationMs),
      ...b.sums,
    }
    if (b.powerBasis && b.sums.energyMilliJ !== undefined) record.powerBasis = b.powerBasis
    if (b.recovered) record.recovered = true
    if (b.shareDiff1 !== undefined) record.shareDiff1 = b.shareDiff1
    return record
  }

  /** Cuts the first minute off a block, with an even part of the block's sums. */
  #firstMinuteOf(block: Bucket): Bucket {
    const minutes = (block.endMs - block.startMs) / MINUTE_MS
    const sums: Bucket['sums'] = {}
    for (const [name, amount] of Object.entries(block.sums) as [IntervalQuantity, number][]) {
      const part = Math.round(amount / minutes)
      sums[name] = part
      block.sums[name] = amount - part
    }
    const { startMs } = block
    block.startMs += MINUTE_MS
    return {
      ...block,
      startMs: block.again ? this.#used.free(startMs, true) : startMs,
      endMs: block.startMs,
      sums,
    }
  }
}

/** Key of the time within which owners share energy: one minute, or one block, which differs from the minute that it starts with. */
const groupOf = (p: Piece): number => (isBlock(p) ? p.startMs + 0.5 : minuteOf(p.startMs))

const keyOf = (owner: Owner, piece: Piece): string => `${groupOf(piece)}|${ownerKey(owner)}`
