import type { LiveViews } from '../live/live-views.ts'
import type { ScreensServer } from '../screens/server.ts'

/** How often everything is computed and judged, and how often the screens get a frame. */
const TICK_MS = 1_000
export const FRAME_MS = 500
/** A frame of so many machines takes some 10 ms of CPU. With more of them the screens get a frame each tick. */
export const FRAMES_UP_TO_DEVICES = 10_000

export interface CadenceOptions {
  /** judges everything and sends a frame */
  tick(): void
  views: Pick<LiveViews, 'look' | 'deviceCount'>
  screens: Pick<ScreensServer, 'isWatched' | 'tick'>
  /** a clock that never steps, ms */
  steadyMs: () => number
}

/** A tick each second, and half-way between two of them a frame, where somebody looks and it costs little. */
export class Cadence {
  readonly #o: CadenceOptions
  #tickedMs = Number.NEGATIVE_INFINITY

  constructor(options: CadenceOptions) {
    this.#o = options
  }

  /** Call it every `FRAME_MS`. */
  beat(): void {
    const { tick, views, screens, steadyMs } = this.#o
    const now = steadyMs()
    // a timer may fire a little early, and one that was late is no reason to tick less often
    if (now - this.#tickedMs >= TICK_MS - FRAME_MS / 2) {
      this.#tickedMs = now
      tick()
    } else if (screens.isWatched && views.deviceCount <= FRAMES_UP_TO_DEVICES) {
      views.look()
      screens.tick()
    }
  }
}
