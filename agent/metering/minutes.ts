import type { Interval, IntervalQuantity } from '../../protocol/interval.ts'
import { type Owner, ownerKey } from '../../protocol/owner.ts'
import { apportion, MINUTE_MS, minuteOf } from '../../protocol/units.ts'

/** A stretch of time with a part of what was measured: inside one UTC minute, or several whole minutes of a gap. */
export interface Piece {
  startMs: number
  endMs: number
}

/** One owner's part of one device's piece of time, as it fills. */
export interface Bucket extends Piece {
  owner: Owner
  coveredMs: number
  sums: Partial<Record<IntervalQuantity, number>>
  powerBasis?: Interval['powerBasis']
  recovered: boolean
  /** complete: nothing is added any more */
  sealed: boolean
  /** its time had records before: the clock was set back */
  again: boolean
  /** which stretch of an even clock it is in: nothing is shared between two, they only look like the same minute */
  stretch: number
}

export interface MinutesState {
  buckets: Bucket[]
  closedThroughMs: number
  starts: number[]
  stretch: number
}

/** Starts inside a minute that are remembered, so that a clock set back never gives one twice. */
const STARTS_KEPT = 200

/** The records of one device while they fill, by UTC minute and owner. A key (owner, startMs) is given once. */
export class Minutes {
  readonly #deviceId: string
  readonly #buckets: Map<string, Bucket>
  #closedThroughMs: number
  /** starts that are not a minute's first ms, oldest first */
  readonly #starts: Set<number>
  #sealed = 0
  #stretch: number

  constructor(deviceId: string, state?: MinutesState) {
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

  get state(): MinutesState {
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

  has(owner: Owner, piece: Piece): boolean {
    return this.#buckets.has(keyOf(owner, piece))
  }

  /** The bucket that a piece belongs to, made where there is none. */
  at(owner: Owner, piece: Piece, recovered: boolean): Bucket {
    const key = keyOf(owner, piece)
    let b = this.#buckets.get(key)
    if (!b) {
      const again = minuteOf(piece.startMs) <= this.#closedThroughMs
      const startMs = isBlock(piece) ? piece.startMs : this.#ownStart(piece.startMs, again)
      const endMs = Math.max(piece.endMs, startMs + 1)
      const stretch = this.#stretch
      b = { owner, startMs, endMs, coveredMs: 0, sums: {}, recovered, sealed: false, again, stretch }
      this.#buckets.set(key, b)
    }
    b.endMs = Math.max(b.endMs, piece.endMs)
    b.recovered ||= recovered
    return b
  }

  /** Nothing that comes from now on is about the same time: the wall clock was set. */
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

  /** Up to `limit` records (or a minute's owners more) of those that are complete, or that end by `endMs`. */
  take(endMs: number, limit: number): Interval[] {
    const groups = new Map<string, [string, Bucket][]>()
    for (const [key, b] of this.#buckets) {
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
        // what is left of a block begins where its minute does
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
    return record
  }

  /** Takes the first minute off a block, with its even part of what the block holds. */
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

  /** Where a record begins: after a step back the same minute comes again, and needs another start. */
  #ownStart(fromMs: number, again: boolean): number {
    const minuteMs = minuteOf(fromMs)
    let startMs = fromMs
    if (again) {
      startMs = Math.max(startMs, minuteMs + 1)
      while (this.#starts.has(startMs) && startMs < minuteMs + MINUTE_MS - 1) startMs++
    }
    if (startMs !== minuteMs) {
      this.#starts.add(startMs)
      for (const oldest of this.#starts) {
        if (this.#starts.size <= STARTS_KEPT) break
        this.#starts.delete(oldest)
      }
    }
    return startMs
  }
}

/** Whole minutes of a gap, kept as one until they are taken: a week of them is no more than a minute is. */
const isBlock = (p: Piece): boolean => p.endMs - p.startMs > MINUTE_MS

/** The same for what shares its energy: a minute, or a block apart from the minute that it begins with. */
const groupOf = (p: Piece): number => (isBlock(p) ? p.startMs + 0.5 : minuteOf(p.startMs))

const keyOf = (owner: Owner, piece: Piece): string => `${groupOf(piece)}|${ownerKey(owner)}`

/**
 * A miner's minute may hold work for several pools (a switch, a firmware's dev fee), while only one is seen as active. Its
 * energy follows the accepted work; without any, it stays with the pool that was active.
 */
function shareEnergyByWork(buckets: readonly Bucket[]): void {
  const miners = buckets.filter((b) => b.owner['poolUrl'] !== undefined)
  const work = miners.map((b) => b.sums.workDiff1 ?? 0)
  if (miners.length < 2 || !work.some((w) => w > 0)) return
  const known = miners.filter((b) => b.sums.energyMilliJ !== undefined)
  if (known.length === 0) return
  const total = known.reduce((sum, b) => sum + (b.sums.energyMilliJ ?? 0), 0)
  const parts = apportion(total, work)
  for (const [i, b] of miners.entries()) {
    b.sums.energyMilliJ = parts[i] as number
    b.powerBasis ??= known[0]?.powerBasis
  }
}
