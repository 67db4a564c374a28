import type { Interval, IntervalQuantity } from '../../protocol/interval.ts'
import { type Owner, ownerKey } from '../../protocol/owner.ts'
import { MINUTE_MS, minuteOf } from '../../protocol/units.ts'
import { type Bucket, shareEnergyByWork } from './bucket.ts'
import { isBlock, type Piece } from './piece.ts'

/** Kept on disk as JSON in the spool's checkpoint, so that the next run of the agent goes on with the open records. */
export interface MinuteMeterState {
  buckets: Bucket[]
  closedThroughMs: number
  /** record starts inside minutes that had records before, Unix ms */
  starts: number[]
  stretch: number
}

/** Record starts inside a minute that are remembered, so that none is used twice after the clock was set back. */
const STARTS_KEPT = 200

/** The open records of one device, by UTC minute and owner. It makes each record key (owner, startMs) only once. */
export class MinuteMeter {
  readonly #deviceId: string
  readonly #buckets: Map<string, Bucket>
  #closedThroughMs: number
  /** record starts other than a minute's first ms; the earliest remembered comes first */
  readonly #starts: Set<number>
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
    this.#closedThroughMs = state?.closedThroughMs ?? 0
    this.#starts = new Set(state?.starts)
    this.#stretch = state?.stretch ?? 0
  }

  get state(): MinuteMeterState {
    return {
      buckets: [...this.#buckets.values()].map((b) => ({ ...b, sums: { ...b.sums } })),
      closedThroughMs: this.#closedThroughMs,
      starts: [...this.#starts],
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
    return [...this.#buckets.values()].some((b) => b.startMs <= ms && b.endMs >= ms)
  }

  /** The bucket of an owner and a piece of time; a new one where there is none. @param recovered the piece lies in a gap */
  at(owner: Owner, piece: Piece, recovered: boolean): Bucket {
    const key = keyOf(owner, piece)
    let b = this.#buckets.get(key)
    if (!b) {
      const again = minuteOf(piece.startMs) <= this.#closedThroughMs
      const startMs = isBlock(piece) ? piece.startMs : this.#ownStart(piece.startMs, again)
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
      this.#closedThroughMs = Math.max(this.#closedThroughMs, minuteOf(b.endMs - 1))
      this.#buckets.delete(key)
      this.#buckets.set(`|sealed ${this.#sealed++}`, b)
    }
  }

  /**
   * The clock was set, and another stretch of it begins: nothing that follows belongs to what is open.
   * @param stepMs by how much; what was recorded before may get a time of the new clock later
   */
  begin(clock: number, stepMs: number): void {
    this.seal()
    this.#clock = clock
    for (const startMs of [...this.#starts]) this.#note(startMs + stepMs)
  }

  /** The agent's clock is right at `wallMs`: no record of a later minute was kept, so none has to be kept apart from it. */
  trustClock(wallMs: number): void {
    this.#closedThroughMs = Math.min(this.#closedThroughMs, minuteOf(wallMs))
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
        while (isBlock(b) && records.length < limit) records.push(this.#record(this.#firstMinuteOf(b)))
        if (isBlock(b)) continue
        this.#buckets.delete(key)
        // the last minute that is left of a block still has the minute's first ms as its start, which may be used already
        if (b.again && b.startMs === minuteOf(b.startMs)) b.startMs = this.#ownStart(b.startMs, true)
        records.push(this.#record(b))
      }
    }
    return records
  }

  #record(b: Bucket): Interval {
    this.#closedThroughMs = Math.max(this.#closedThroughMs, minuteOf(b.startMs))
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
      startMs: block.again ? this.#ownStart(startMs, true) : startMs,
      endMs: block.startMs,
      sums,
    }
  }

  /** An unused start for a record. @param again the minute has records already, so its first ms is used */
  #ownStart(fromMs: number, again: boolean): number {
    const minuteMs = minuteOf(fromMs)
    let startMs = fromMs
    if (again) startMs = Math.max(startMs, minuteMs + 1)
    while (this.#starts.has(startMs) && startMs < minuteMs + MINUTE_MS - 1) startMs++
    if (startMs !== minuteMs) this.#note(startMs)
    return startMs
  }

  #note(startMs: number): void {
    this.#starts.delete(startMs)
    this.#starts.add(startMs)
    for (const oldest of this.#starts) {
      if (this.#starts.size <= STARTS_KEPT) break
      this.#starts.delete(oldest)
    }
  }
}

/** Key of the time within which owners share energy: one minute, or one block, which differs from the minute that it starts with. */
const groupOf = (p: Piece): number => (isBlock(p) ? p.startMs + 0.5 : minuteOf(p.startMs))

const keyOf = (owner: Owner, piece: Piece): string => `${groupOf(piece)}|${ownerKey(owner)}`
