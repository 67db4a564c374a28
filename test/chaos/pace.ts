import { resolve } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { pathToFileURL } from 'node:url'
import { fakeTimeLibrary } from './clock.ts'

/** How fast time passes for the programs of a site. All of them show the same time, whenever each started. */
export class Pace {
  readonly speed: number
  readonly #beganMs = Date.now()
  readonly #library: string | undefined

  /** @throws Error where time shall not pass as it does, and libfaketime is not installed */
  constructor(speed = 1) {
    this.speed = speed
    this.#library = speed === 1 ? undefined : fakeTimeLibrary()
    if (speed !== 1 && this.#library === undefined)
      throw new Error(`time can't pass ${speed} times as fast: libfaketime is not installed`)
  }

  /** What the clocks of the programs show, Unix ms. */
  nowMs(): number {
    const nowMs = Date.now()
    return nowMs + (this.speed - 1) * (nowMs - this.#beganMs)
  }

  /** Waits for a time by the programs' clocks. */
  async wait(ms: number): Promise<void> {
    await sleep(Math.max(0, ms) / this.speed)
  }

  /** Environment of a program that starts now. */
  env(): Record<string, string> {
    if (this.#library === undefined) return {}
    const aheadS = (this.nowMs() - Date.now()) / 1000
    return {
      LD_PRELOAD: this.#library,
      FAKETIME: `+${aheadS.toFixed(3)} x${this.speed}`,
      NO_FAKE_STAT: '1',
      NODE_OPTIONS: `--import ${pathToFileURL(resolve('test/chaos/faked-uptime.mjs')).href}`,
    }
  }
}
