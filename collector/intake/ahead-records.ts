import { CLOCK_TOLERANCE_MS } from '../../protocol/clock-tolerance.ts'
import type { Instant } from '../../protocol/kit/clock.ts'
import { counted } from '../../protocol/kit/counted.ts'
import { reasonOf } from '../../protocol/kit/errors.ts'
import type { Log } from '../../protocol/kit/log.ts'
import { every } from '../../protocol/kit/timers.ts'
import { HOUR_MS, MINUTE_MS, minuteOf } from '../../protocol/units.ts'
import { FROM_FUTURE, type HeldMark } from '../plugin/held.ts'
import type { Store } from '../plugin/store.ts'

const LOOK_EVERY_MS = 10_000
/** After a start or a step it waits this long for a clock that contradicts. */
const LISTEN_MS = 2 * MINUTE_MS
/** What is stored is read in pieces of this. */
const PIECE_MS = 30 * 24 * HOUR_MS

export interface AheadRecordsOptions {
  store: Pick<Store, 'newestRecordMs' | 'intervals' | 'hold'>
  clock: {
    /** whether minutes may be settled by it: no other clock contradicts it */
    readonly maySettle: boolean
    /** when it was started or set last, by itself, Unix ms */
    readonly sinceMs: number
    readonly instant: Instant
  }
  /** the minutes are settled again */
  note: (minutes: ReadonlySet<number>) => void
  /** runs work while no record is written */
  alone: <T>(work: () => Promise<T>) => Promise<T>
  log: Log
}

/**
 * Puts records aside that are stored at times which have not come: the collector's clock was ahead together with its agents', and was set
 * right. They count for nothing at those times, and are missing until a person takes them in with the shift of that step. It looks after
 * the start and after each step back, once no clock contradicts this one. A decision takes them in again, also where it was the step that
 * was wrong.
 */
export class AheadRecords {
  readonly #o: AheadRecordsOptions
  #timer: NodeJS.Timeout | undefined
  #looking: Promise<void> | undefined
  /** wall clock minus steady clock when it looked last, ms */
  #lookedMs = Number.POSITIVE_INFINITY

  constructor(options: AheadRecordsOptions) {
    this.#o = options
  }

  start(): void {
    this.#timer ??= every(LOOK_EVERY_MS, () => void this.look())
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer)
    await this.#looking
  }

  /** Looks where that is due. Never rejects: where the store fails it looks again. */
  look(): Promise<void> {
    this.#looking ??= this.#look()
      .catch((error: unknown) =>
        this.#o.log.warn('not looked for records of the future', { reason: reasonOf(error) }),
      )
      .finally(() => {
        this.#looking = undefined
      })
    return this.#looking
  }

  async #look(): Promise<void> {
    const { clock, store, alone } = this.#o
    const { wallMs, steadyMs } = clock.instant
    const offsetMs = wallMs - steadyMs
    // slewing, and a clock that is set ahead, put no record into the future
    if (offsetMs > this.#lookedMs - CLOCK_TOLERANCE_MS && this.#lookedMs !== Number.POSITIVE_INFINITY) {
      this.#lookedMs = Math.max(this.#lookedMs, offsetMs)
      return
    }
    if (!clock.maySettle || wallMs - clock.sinceMs < LISTEN_MS) return
    const newestMs = (await store.newestRecordMs()) ?? 0
    if (newestMs > wallMs + CLOCK_TOLERANCE_MS) await alone(() => this.#putAside(wallMs, newestMs))
    this.#lookedMs = offsetMs
  }

  async #putAside(nowMs: number, newestMs: number): Promise<void> {
    const { store, note, log } = this.#o
    const minutes = new Set<number>()
    let records = 0
    for (let fromMs = nowMs + CLOCK_TOLERANCE_MS + 1; fromMs <= newestMs; fromMs += PIECE_MS) {
      const toMs = Math.min(fromMs + PIECE_MS, newestMs + 1)
      const marks = (await store.intervals(fromMs, toMs)).map((record): HeldMark => {
        const { agentId, deviceId, owner, startMs } = record
        minutes.add(minuteOf(startMs))
        return {
          kind: 'quarantine',
          check: FROM_FUTURE,
          reason,
          agentId,
          deviceId,
          owner,
          startMs,
          heldMs: nowMs,
        }
      })
      if (marks.length > 0) await store.hold(marks)
      records += marks.length
    }
    if (records === 0) return
    note(minutes)
    log.error(`${counted(records, 'record')} put aside: ${reason}`, {
      newest: new Date(newestMs).toISOString(),
    })
  }
}

const reason =
  'stored at a time that had not come when the collector’s clock was set back: the clock was ahead when it was made; take it in with the shift of that step, or with none where the clock is wrong now'
