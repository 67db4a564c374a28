import { AsyncResource } from 'node:async_hooks'
import { setTimeout as realSleep } from 'node:timers/promises'
import { vi } from 'vitest'

/** So many looks in a row, each after a turn of the event loop, see nothing happen. */
const IDLE_LOOKS = 4
const LOOK_MS = 1

/**
 * Time that passes only while nothing happens: `setTimeout`, `setInterval`, `Date` and `performance.now()` stand still while this process works,
 * and leap to the next timer when it waits for nothing else. So a deadline passes for an answer that never comes, and for no other, however
 * busy the computer is; and no test waits for it. Both ends of a connection must be in this process.
 */
export class IdleTime {
  #isOn = false
  #passing: Promise<void> = Promise.resolve()

  /** Call it in `beforeAll`. */
  begin(): void {
    vi.useFakeTimers({
      toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval', 'Date', 'performance'],
      loopLimit: Number.MAX_SAFE_INTEGER,
    })
    this.#isOn = true
    this.#passing = this.#pass()
  }

  /** Call it in `afterAll`. */
  async end(): Promise<void> {
    this.#isOn = false
    await this.#passing
    vi.useRealTimers()
  }

  async #pass(): Promise<void> {
    let idle = 0
    let lastId = 0
    let ownIds = Number.POSITIVE_INFINITY
    while (this.#isOn) {
      await realSleep(LOOK_MS)
      // each socket, request and callback of Node has a number: what is made between two looks, this loop's own aside, is work
      const id = new AsyncResource('IdleTime').asyncId()
      const made = id - lastId
      lastId = id
      ownIds = Math.min(ownIds, made)
      idle = made === ownIds ? idle + 1 : 0
      if (idle < IDLE_LOOKS) continue
      idle = 0
      await vi.advanceTimersToNextTimerAsync()
    }
  }
}
