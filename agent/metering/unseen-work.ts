import { type Owner, ownerKey } from '../../protocol/owner.ts'
import { HOUR_MS, MINUTE_MS } from '../../protocol/units.ts'
import type { OwnerAmount } from './owner-meter.ts'

/** What was estimated for one owner since its counter of work was seen. Kept on disk as JSON in the spool's checkpoint. */
export interface UnseenState {
  /** the owner's key */
  owner: string
  /** absent in states that an older version wrote, which booked all of it at once */
  whose?: Owner
  /** difficulty-1 shares since the counter was seen, or since the machine was seen to restart */
  workDiff1: number
  /** the same before that restart; absent: none was seen */
  beforeDiff1?: number
  /** the part of both that was booked; absent: all of it */
  bookedDiff1?: number
  /** time of the first estimate and of the last one, Unix ms */
  sinceMs?: number
  atMs: number
  /** lists of pools in a row that do not name the owner */
  misses?: number
}

/** A counter is waited for this long: it tells the work of the time in which it was not seen more exactly than any estimate. */
const AWAITED_MS = 10 * MINUTE_MS
/** A pool that so many lists in a row do not name is gone, and its counter with it. */
const MISSES_TO_END = 3
/** A counter that returns later than this is another firmware's: its growth does not include what was estimated. */
const KEPT_MS = 7 * 24 * HOUR_MS

/** What the counters showed at one reading. */
export interface Shown {
  amounts: readonly OwnerAmount[]
  /** keys of the owners whose counter of work was told; undefined: none was */
  told: ReadonlySet<string> | undefined
  /** Unix ms */
  atMs: number
}

/**
 * The work of owners whose counter is not seen for a while. When it is seen again, its growth includes that time, so only what is beyond
 * the estimates that were booked counts. A counter that has begun again includes nothing that came before: that work is booked by its
 * estimate. So no work is lost, and none is booked twice. Where the machine's uptime does not show when it began again, the larger of
 * the estimate and the counter is right for the whole time.
 */
export class UnseenWork {
  readonly #entries: Map<string, UnseenState>

  constructor(state: readonly UnseenState[] = []) {
    this.#entries = new Map(state.map((entry) => [entry.owner, { ...entry }]))
  }

  get state(): UnseenState[] {
    return [...this.#entries.values()].map((entry) => ({ ...entry }))
  }

  clockSet(stepMs: number): void {
    for (const entry of this.#entries.values()) {
      entry.atMs += stepMs
      if (entry.sinceMs !== undefined) entry.sinceMs += stepMs
    }
  }

  /** Takes an estimate. @param booked whether it is booked already; else it waits for the counter */
  add(owner: Owner, workDiff1: number, atMs: number, booked: boolean): void {
    const key = ownerKey(owner)
    const entry = this.#entries.get(key) ?? { owner: key, workDiff1: 0, bookedDiff1: 0, sinceMs: atMs, atMs }
    const bookedDiff1 = bookedOf(entry) + (booked ? workDiff1 : 0)
    this.#entries.set(key, {
      ...entry,
      whose: owner,
      workDiff1: entry.workDiff1 + workDiff1,
      bookedDiff1,
      atMs,
    })
  }

  /** The machine has restarted: a counter that has begun again since then has none of what came before. */
  restarted(): void {
    for (const entry of this.#entries.values()) {
      entry.bookedDiff1 = bookedOf(entry)
      entry.beforeDiff1 = (entry.beforeDiff1 ?? 0) + entry.workDiff1
      entry.workDiff1 = 0
    }
  }

  /** The amounts of one reading as they are to be booked, with the estimates that no counter will tell any more. */
  settle({ amounts, told, atMs }: Shown): OwnerAmount[] {
    if (this.#entries.size === 0) return [...amounts]
    const settled = amounts.flatMap((amount) => this.#settled(amount, atMs))
    if (!told) return settled
    for (const entry of this.#entries.values()) {
      entry.misses = told.has(entry.owner) ? 0 : (entry.misses ?? 0) + 1
      if (entry.misses === MISSES_TO_END) settled.push(...booked(entry))
    }
    return settled
  }

  /** What has waited for a counter for too long. It is booked, and taken from the counter's growth if it returns after all. */
  overdue(atMs: number): OwnerAmount[] {
    return [...this.#entries.values()].flatMap((entry) =>
      atMs - (entry.sinceMs ?? atMs) >= AWAITED_MS ? booked(entry) : [],
    )
  }

  /** All that waits: the counters that it waits for are gone. */
  end(): OwnerAmount[] {
    const left = [...this.#entries.values()].flatMap(booked)
    this.#entries.clear()
    return left
  }

  #settled(told: OwnerAmount, atMs: number): OwnerAmount[] {
    const entry = told.quantity === 'workDiff1' ? this.#entries.get(ownerKey(told.owner)) : undefined
    if (!entry) return [told]
    this.#entries.delete(entry.owner)
    if (atMs - entry.atMs >= KEPT_MS) return [told]
    const amount = begunAnew(told, entry)
    const due = dueWith(amount, entry) - bookedOf(entry)
    // more was booked than the counter says: its next growth pays it back
    if (due < 0) this.#entries.set(entry.owner, owing(entry, -due, atMs))
    const counted = Math.min(amount.amount, Math.max(0, Math.floor(due)))
    const estimated = amount.begins ? Math.max(0, Math.floor(due) - counted) : 0
    return [
      { ...amount, amount: counted },
      ...(estimated > 0 ? [{ ...amount, quantity: 'estimatedWorkDiff1' as const, amount: estimated }] : []),
    ]
  }
}

/**
 * A counter that has begun again with the machine may have passed its last value before it is seen. It is taken for one that has where
 * what it shows is nearer to the work since the restart than its growth is to the work of the whole time.
 */
function begunAnew(told: OwnerAmount, entry: UnseenState): OwnerAmount {
  const { begins, value, amount } = told
  if (begins || value === undefined || entry.beforeDiff1 === undefined) return told
  const isAnew = Math.abs(value - entry.workDiff1) < Math.abs(amount - totalOf(entry))
  return isAnew ? { ...told, amount: value, begins: true } : told
}

/** Work of the whole time in which the counter was not seen. */
function dueWith({ amount, begins }: OwnerAmount, { workDiff1, beforeDiff1 }: UnseenState): number {
  if (!begins) return amount
  return beforeDiff1 === undefined ? Math.max(workDiff1, amount) : beforeDiff1 + amount
}

const owing = ({ owner, whose }: UnseenState, diff1: number, atMs: number): UnseenState => ({
  owner,
  ...(whose && { whose }),
  workDiff1: diff1,
  bookedDiff1: diff1,
  sinceMs: atMs,
  atMs,
})

const totalOf = ({ workDiff1, beforeDiff1 = 0 }: UnseenState): number => beforeDiff1 + workDiff1

const bookedOf = (entry: UnseenState): number => entry.bookedDiff1 ?? totalOf(entry)

/** Books the whole shares that wait. */
function booked(entry: UnseenState): OwnerAmount[] {
  const amount = Math.floor(totalOf(entry) - bookedOf(entry))
  if (amount <= 0 || !entry.whose) return []
  entry.bookedDiff1 = bookedOf(entry) + amount
  return [{ owner: entry.whose, quantity: 'estimatedWorkDiff1', amount }]
}
