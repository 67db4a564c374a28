import { CLOCK_TOLERANCE_MS } from '../../protocol/clock-tolerance.ts'
import { StepWatch } from '../../protocol/kit/step-watch.ts'
import { MINUTE_MS, minuteOf } from '../../protocol/units.ts'
import type { Store } from '../plugin/store.ts'
import type { ClockMove, SettlingClock } from './settling-clock.ts'

const KIND = 'settled-through'
const NAME = 'minutes'
/** It is kept each time that it has moved by this much. */
const KEPT_EVERY_MS = 10 * MINUTE_MS

export interface SettledThroughOptions {
  store: Pick<Store, 'keepText' | 'keptTexts' | 'rulesVersions'>
  clock: SettlingClock
  retentionMs: number
}

/**
 * Up to where minutes were settled. Where the clock is set back before that and another clock confirms it, what lies ahead of it was
 * settled by a clock that had leapt ahead, though others may have agreed: all of a site follow one wrong NTP server. Those minutes have
 * not been yet: they are taken back, and settled once they are over.
 */
export class SettledThrough {
  readonly #o: SettledThroughOptions
  /** end of the newest minute that was settled for the first time, Unix ms */
  #throughMs = 0
  #keptMs = 0
  readonly #watch: StepWatch
  /** by how much the clock leapt ahead last, ms */
  #leaptMs = 0
  /** by how much it was set back since, which undid that leap, ms; undefined: it is not known to be undone */
  #backMs: number | undefined

  constructor(options: SettledThroughOptions) {
    this.#o = options
    this.#watch = new StepWatch({ now: () => options.clock.instant })
  }

  /** Reads what an earlier run left: it may have settled a little more. */
  async read(): Promise<void> {
    const keptMs = Number((await this.#o.store.keptTexts(KIND)).get(NAME) ?? 0)
    if (keptMs > 0) this.#keptMs = keptMs
    this.#throughMs = Math.max(this.#throughMs, this.#keptMs)
  }

  /** These minutes are about to be settled for the first time. Resolves when that is kept where it must be. */
  async settle(minutes: readonly number[]): Promise<void> {
    for (const minute of minutes) this.#throughMs = Math.max(this.#throughMs, minute + MINUTE_MS)
    if (this.#throughMs - this.#keptMs > KEPT_EVERY_MS) await this.#keep(this.#throughMs)
  }

  /** Whether minutes ahead of the clock are settled, and another clock confirms it. */
  get isDue(): boolean {
    const { clock } = this.#o
    const { stepMs } = this.#watch.look()
    if (stepMs > CLOCK_TOLERANCE_MS) this.#leaptMs = stepMs
    else if (this.#leaptMs > 0 && Math.abs(this.#leaptMs + stepMs) <= CLOCK_TOLERANCE_MS)
      this.#backMs = stepMs
    return this.#throughMs - clock.instant.wallMs > CLOCK_TOLERANCE_MS && clock.isConfirmed
  }

  /** What lies ahead of the clock. */
  async move(): Promise<ClockMove | undefined> {
    if (!this.isDue) return undefined
    const { store, clock, retentionMs } = this.#o
    const nowMs = clock.instant.wallMs
    const toMs = this.#throughMs + KEPT_EVERY_MS
    const ahead = (await store.rulesVersions()).filter(({ fromMs }) => fromMs > nowMs)
    return {
      isAhead: true,
      ...(this.#backMs === undefined ? {} : { byMs: this.#backMs }),
      rules: ahead.map(({ version, fromMs }) => ({ version, fromMs, toMs: nowMs })),
      // by the clock that was ahead no more was settled than the retention of its time
      minutes: [[Math.max(minuteOf(nowMs), minuteOf(toMs - retentionMs)), toMs]],
    }
  }

  /** What lay ahead of the clock is taken back. */
  async moved(): Promise<void> {
    this.#throughMs = minuteOf(this.#o.clock.instant.wallMs)
    this.#leaptMs = 0
    this.#backMs = undefined
    await this.#keep(this.#throughMs)
  }

  async #keep(ms: number): Promise<void> {
    await this.#o.store.keepText(KIND, NAME, String(ms))
    this.#keptMs = ms
  }
}
