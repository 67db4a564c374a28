import type { Interval, IntervalQuantity } from '../protocol/interval.ts'
import { NOBODY, type Owner, ownerKey } from '../protocol/owner.ts'
import { apportion, MINUTE_MS, minuteOf, workDiff1OfHashrate } from '../protocol/units.ts'
import { Counter } from './counter.ts'
import type { Reading } from './driver.ts'

/** The two clocks of an observation: wall for the label, monotonic for the elapsed time. */
export interface Instant {
  wallMs: number
  steadyMs: number
}

/** One owner's part of one device's minute, as it fills. */
interface Bucket {
  minuteMs: number
  owner: Owner
  startMs: number
  endMs: number
  coveredMs: number
  sums: Partial<Record<IntervalQuantity, number>>
  powerBasis: Interval['powerBasis']
  recovered: boolean
}

/** A stretch of time inside one UTC minute, with its part of the segment's whole-number amounts. */
interface Piece {
  startMs: number
  endMs: number
}

/**
 * Turns one device's readings into interval records: energy from its counter, else power integrated by trapezoid; work and
 * tokens from counters; GPU time from who held it. A stretch between two readings longer than `maxGapMs` is a gap: power is
 * not drawn through it, only counters speak for it, and the record says `recovered`.
 */
export class DeviceAccumulator {
  readonly #deviceId: string
  readonly #maxGapMs: number
  readonly #buckets = new Map<string, Bucket>()
  readonly #energy = new Counter()
  readonly #counters = new Map<string, Counter>()
  #last: { at: Instant; reading: Reading } | undefined
  #energyCarryMilliJ = 0
  #closedThroughMs = 0
  #stepsBack = 0

  constructor(deviceId: string, maxGapMs: number) {
    this.#deviceId = deviceId
    this.#maxGapMs = maxGapMs
  }

  /** Takes a reading. One that is not later than the last is dropped: it can only be a duplicate. */
  observe(reading: Reading, at: Instant): void {
    const last = this.#last
    if (last && at.steadyMs <= last.at.steadyMs) return
    this.#last = { at, reading }
    const uptime = reading.sample.uptimeS
    const uptimeBefore = last?.reading.sample.uptimeS
    const restarted = uptime === undefined || uptimeBefore === undefined ? undefined : uptime < uptimeBefore
    const energyJ = reading.counters?.energyJ
    const energyMilliJ =
      energyJ === undefined ? undefined : this.#energy.advance(Math.round(energyJ * 1000), restarted)
    const amounts = this.#advanceOwners(reading, restarted, last !== undefined)
    if (!last) return

    // The elapsed time is the monotonic clock's; where the wall clock was stepped meanwhile, the new wall clock labels it.
    const elapsedMs = Math.round(at.steadyMs - last.at.steadyMs)
    const pieces = cutByMinute(at.wallMs - elapsedMs, at.wallMs)
    if (pieces.length === 0) return
    if (at.wallMs < last.at.wallMs) this.#stepsBack++
    const gap = elapsedMs > this.#maxGapMs
    const energy = energyMilliJ ?? (gap ? undefined : this.#integrate(last.reading, reading, elapsedMs))
    this.#addEnergyAndTime(last.reading, reading, pieces, energy, gap)
    for (const { owner, quantity, amount } of amounts) this.#addSpread(owner, quantity, amount, pieces, gap)
  }

  /** Records of minutes that are over: of which the next reading was seen, or for which none will come any more. */
  close(wallMs: number): Interval[] {
    const seenMs = this.#last?.at.wallMs ?? 0
    return this.#take((b) => {
      const endMs = b.minuteMs + MINUTE_MS
      return seenMs >= endMs || wallMs >= endMs + this.#maxGapMs
    })
  }

  /** Everything, the running minute included: the agent stops. */
  closeAll(): Interval[] {
    return this.#take(() => true)
  }

  #take(ready: (b: Bucket) => boolean): Interval[] {
    const taken = [...this.#buckets].filter(([, b]) => ready(b))
    const minutes = new Map<number, Bucket[]>()
    for (const [key, b] of taken) {
      this.#buckets.delete(key)
      this.#closedThroughMs = Math.max(this.#closedThroughMs, b.minuteMs)
      minutes.set(b.minuteMs, [...(minutes.get(b.minuteMs) ?? []), b])
    }
    return [...minutes.values()].flatMap((buckets) => {
      shareEnergyByWork(buckets)
      return buckets.map((b) => this.#record(b))
    })
  }

  #record(b: Bucket): Interval {
    const record: Interval = {
      deviceId: this.#deviceId,
      owner: b.owner,
      startMs: b.startMs,
      durationMs: b.endMs - b.startMs,
      coveredMs: Math.min(b.coveredMs, b.endMs - b.startMs),
      ...b.sums,
    }
    if (b.powerBasis && b.sums.energyMilliJ !== undefined) record.powerBasis = b.powerBasis
    if (b.recovered) record.recovered = true
    return record
  }

  /** Differences of the counters that belong to owners. */
  #advanceOwners(reading: Reading, restarted: boolean | undefined, hadReading: boolean) {
    const amounts: { owner: Owner; quantity: IntervalQuantity; amount: number }[] = []
    for (const c of reading.counters?.byOwner ?? [])
      for (const quantity of ['workDiff1', 'tokensIn', 'tokensOut'] as const) {
        const value = c[quantity]
        if (value === undefined) continue
        const key = `${quantity}|${ownerKey(c.owner)}`
        let counter = this.#counters.get(key)
        if (!counter) {
          counter = new Counter()
          this.#counters.set(key, counter)
          // An owner that appears while we watch (a pool switch) began at zero; at the first reading it had a past.
          if (hadReading) counter.advance(0, undefined)
        }
        const amount = counter.advance(Math.round(value), restarted)
        if (amount !== undefined) amounts.push({ owner: c.owner, quantity, amount })
      }
    return amounts
  }

  /** mJ of a trapezoid between two power readings; the fraction of a mJ is carried on, so that it is never lost. */
  #integrate(before: Reading, now: Reading, elapsedMs: number): number | undefined {
    const a = before.sample.powerW
    const b = now.sample.powerW
    if (a === undefined || b === undefined) return undefined
    const exact = ((a + b) / 2) * elapsedMs + this.#energyCarryMilliJ
    const whole = Math.floor(exact)
    this.#energyCarryMilliJ = exact - whole
    return whole
  }

  #addEnergyAndTime(
    before: Reading,
    now: Reading,
    pieces: Piece[],
    energyMilliJ: number | undefined,
    gap: boolean,
  ): void {
    // whoever held the machine when the stretch began held it through
    const holders = before.sample.holders ?? []
    const held = holders.reduce((sum, h) => sum + h.share, 0)
    const parts = held < 1 ? [...holders, { owner: NOBODY, share: 1 - held }] : holders
    const shares = parts.map((p) => p.share)
    const lengths = pieces.map((p) => p.endMs - p.startMs)
    const energies = energyMilliJ === undefined ? undefined : apportion(energyMilliJ, lengths)
    const hashrate = before.sample.hashrateHs
    const utilization = now.sample.utilizationRatio ?? before.sample.utilizationRatio
    for (const [i, piece] of pieces.entries()) {
      const lengthMs = lengths[i] as number
      const energyParts = energies && apportion(energies[i] as number, shares)
      const timeParts = apportion(lengthMs, shares)
      for (const [k, part] of parts.entries()) {
        if (gap && energyParts === undefined) continue
        const bucket = this.#bucket(part.owner, piece, gap)
        if (!gap) bucket.coveredMs += lengthMs
        if (now.sample.powerBasis) bucket.powerBasis = now.sample.powerBasis
        if (energyParts) add(bucket, 'energyMilliJ', energyParts[k] as number)
        if (gap) continue
        if (now.identity.kind === 'gpu') {
          add(bucket, 'gpuMs', timeParts[k] as number)
          if (utilization !== undefined)
            add(bucket, 'busyGpuMs', Math.round((timeParts[k] as number) * utilization))
        }
        if (hashrate !== undefined && part.owner !== NOBODY)
          add(
            bucket,
            'hashrateWorkDiff1',
            Math.round(workDiff1OfHashrate(hashrate * part.share, lengthMs / 1000)),
          )
      }
    }
  }

  #addSpread(owner: Owner, quantity: IntervalQuantity, amount: number, pieces: Piece[], gap: boolean): void {
    const parts = apportion(
      amount,
      pieces.map((p) => p.endMs - p.startMs),
    )
    for (const [i, piece] of pieces.entries()) {
      const part = parts[i] as number
      // a pool that was not worked for has no record
      if (part > 0 || this.#buckets.has(bucketKey(owner, piece)))
        add(this.#bucket(owner, piece, gap), quantity, part)
    }
  }

  #bucket(owner: Owner, piece: Piece, recovered: boolean): Bucket {
    const key = bucketKey(owner, piece)
    let b = this.#buckets.get(key)
    if (!b) {
      const minuteMs = minuteOf(piece.startMs)
      // After a step back the same minute comes again: its records need a start, and so a key, of their own.
      const again = minuteMs <= this.#closedThroughMs ? Math.min(this.#stepsBack, 999) : 0
      const startMs = Math.min(piece.startMs + again, piece.endMs - 1)
      b = {
        minuteMs,
        owner,
        startMs,
        endMs: piece.endMs,
        coveredMs: 0,
        sums: {},
        powerBasis: undefined,
        recovered: false,
      }
      this.#buckets.set(key, b)
    }
    b.endMs = Math.max(b.endMs, piece.endMs)
    b.recovered ||= recovered
    return b
  }
}

const bucketKey = (owner: Owner, piece: Piece): string => `${minuteOf(piece.startMs)}|${ownerKey(owner)}`

function add(bucket: Bucket, quantity: IntervalQuantity, amount: number): void {
  bucket.sums[quantity] = (bucket.sums[quantity] ?? 0) + amount
}

function cutByMinute(fromMs: number, toMs: number): Piece[] {
  const pieces: Piece[] = []
  for (let startMs = fromMs; startMs < toMs; ) {
    const endMs = Math.min(toMs, minuteOf(startMs) + MINUTE_MS)
    pieces.push({ startMs, endMs })
    startMs = endMs
  }
  return pieces
}

/**
 * A miner's minute may hold work for several pools (a switch, a firmware's dev fee), while only one is seen as active. Its
 * energy follows the accepted work; without any, it stays with the pool that was active.
 */
function shareEnergyByWork(buckets: Bucket[]): void {
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
