import type { QuoteName } from '../../protocol/quote.ts'
import { MINUTE_MS } from '../../protocol/units.ts'
import {
  type Course,
  isNear,
  type KnownReading,
  type Leap,
  leapOf,
  type Reading,
  SURE_FACTOR,
} from './quote-leaps.ts'

/** A second reading comes at least this long after the first: the same answer twice in a row is one. */
const SECOND_AFTER_MS = 15_000
/** A value that at most this many readings told, with nothing to confirm it, can be overturned. */
const MOST_FEW_READINGS = 3
/** It takes this many times as many readings of the same source. */
const OVERTURNING_READINGS = 5
/** They must have come over at least this time. */
const OVERTURNING_MS = 3 * MINUTE_MS

/** Why a value is not used yet, and what would make it so. */
export interface Doubt {
  reason: string
  /** who may confirm it; absent: it can't be */
  waitsFor?: string
}

/** What a value is compared with. */
export interface Beside extends Course {
  /** the price in force, where its source has told none yet */
  before: KnownReading | undefined
  /** what other sources say now, in use or held back */
  others: readonly number[]
  /** how often its source is asked, ms */
  intervalMs?: number | undefined
}

/** A value that was not confirmed, though prices were made with it: steady readings of another have taken its place. */
export interface Overturned extends Reading {
  /** when its first reading came, Unix ms */
  fromMs: number
  /** the readings that say otherwise */
  by: number
}

/** The values of one name by one source: one that leaps waits until its next reading, another source or a person confirms it. */
export class SourceWatch {
  readonly #name: QuoteName
  #last: KnownReading | undefined
  #doubted: (Reading & { lastMs: number; readings: number }) | undefined
  #overturned: Overturned | undefined

  constructor(name: QuoteName, last?: KnownReading) {
    this.#name = name
    this.#last = last
  }

  /** The value that waits. */
  get doubted(): number | undefined {
    return this.#doubted?.value
  }

  /** The value that holds. */
  get believed(): number | undefined {
    return this.#last?.value
  }

  /** How many readings told the value that holds; undefined where it was confirmed, or there is none. */
  get readings(): number | undefined {
    return this.#last?.readings
  }

  /** The value that steady readings have taken the place of, told once. */
  takeOverturned(): Overturned | undefined {
    const overturned = this.#overturned
    this.#overturned = undefined
    return overturned
  }

  /** Takes the next value that lies in its range. @returns why it waits; undefined where it is taken */
  judge(value: number, atMs: number, beside: Beside): Doubt | undefined {
    const { before, others, intervalMs } = beside
    const name = this.#name
    const known = this.#last ?? before
    // what another source says too is confirmed
    const isShared = known && others.some((other) => isNear(name, known.value, other))
    const last = known && isShared ? { value: known.value, atMs: known.atMs } : known
    const leap = leapOf(name, value, last, atMs, beside)
    if (others.some((other) => isNear(name, value, other))) {
      this.believe({ value, atMs })
      return undefined
    }
    if (!leap) {
      this.#goOn(value, atMs, before)
      return undefined
    }
    if (this.#isSecond(value, atMs, leap, intervalMs)) {
      this.#last = { value, atMs, readings: 2 }
      this.#doubted = undefined
      return undefined
    }
    this.#doubt(value, atMs)
    const by = this.#doubted?.readings ?? 0
    if (last && Number.isFinite(leap.factor) && this.#isOverturned(last, atMs)) {
      this.#overturned = { ...last, fromMs: last.fromMs ?? last.atMs, by }
      this.#last = { value, atMs, readings: by }
      this.#doubted = undefined
      return undefined
    }
    return doubtOf(leap, last)
  }

  /** This value holds: it was confirmed. */
  believe({ value, atMs }: Reading): void {
    this.#last = { value, atMs }
    this.#doubted = undefined
  }

  /** A value that did not leap. The more readings told the same course, the more it takes to overturn it. */
  #goOn(value: number, atMs: number, before: KnownReading | undefined): void {
    const last = this.#last
    const isConfirmed = last
      ? last.readings === undefined
      : before !== undefined && isNear(this.#name, value, before.value)
    const isAnother = last !== undefined && atMs - last.atMs >= SECOND_AFTER_MS
    const readings = (last?.readings ?? 0) + (isAnother || !last ? 1 : 0)
    // a reading that came at once after another doesn't put off the time from which the next counts
    const since = last && !isAnother ? last.atMs : atMs
    const fromMs = last ? (last.fromMs ?? last.atMs) : atMs
    this.#last = { value, atMs: since, fromMs, ...(isConfirmed ? {} : { readings }) }
    this.#doubted = undefined
  }

  #doubt(value: number, atMs: number): void {
    const first = this.#doubted
    if (!first || !isNear(this.#name, value, first.value))
      this.#doubted = { value, atMs, lastMs: atMs, readings: 1 }
    else if (atMs - first.lastMs >= SECOND_AFTER_MS)
      this.#doubted = { ...first, lastMs: atMs, readings: first.readings + 1 }
  }

  /** Few readings, which nobody confirmed, give way to many times as many that say otherwise for minutes. */
  #isOverturned(last: KnownReading, atMs: number): boolean {
    const doubted = this.#doubted
    return (
      doubted !== undefined && isOutnumbered(last, doubted.readings) && atMs - doubted.atMs >= OVERTURNING_MS
    )
  }

  #isSecond(value: number, atMs: number, { factor }: Leap, intervalMs: number | undefined): boolean {
    const first = this.#doubted
    const afterMs = Math.max(SECOND_AFTER_MS, (intervalMs ?? 0) / 2)
    return (
      factor < SURE_FACTOR &&
      first !== undefined &&
      atMs - first.atMs >= afterMs &&
      isNear(this.#name, value, first.value)
    )
  }
}

/** Whether a value that few readings told, and nothing confirmed, has so many against it that it gives way. */
export const isOutnumbered = ({ readings }: KnownReading, against: number): boolean =>
  readings !== undefined && readings <= MOST_FEW_READINGS && against >= OVERTURNING_READINGS * readings

export const doubtOf = ({ factor, text }: Leap, last?: KnownReading): Doubt => {
  const isWeak = Number.isFinite(factor) && last?.readings !== undefined && last.readings <= MOST_FEW_READINGS
  const many = isWeak ? `${OVERTURNING_READINGS * (last.readings ?? 1)} such readings over minutes, ` : ''
  return {
    reason: text,
    waitsFor: `${factor < SURE_FACTOR ? 'its next reading, ' : many}another source or a person`,
  }
}
