import { mayHang } from './end-program.ts'
import { reasonOf } from './errors.ts'
import type { Log } from './log.ts'
import { pause } from './retry.ts'

/**
 * The steps of a program's stop, which all together end in time. One that is late or fails holds up no other: what it has not done is
 * done again after the next start, because nothing is acknowledged before it is stored.
 */
export class StopSteps {
  readonly #log: Log
  readonly #untilMs: number
  readonly #late: string[] = []

  constructor(withinMs: number, log: Log) {
    this.#log = log
    this.#untilMs = performance.now() + withinMs
  }

  /**
   * Waits for a step as long as there is time. Never rejects.
   * @param leaveMs that are kept for the steps after it
   */
  async wait(name: string, work: Promise<unknown> | undefined, leaveMs = 0): Promise<void> {
    if (!work) return
    const done = work.then(
      () => true,
      (error) => {
        this.#log.error('a part did not stop cleanly', { part: name, reason: reasonOf(error) })
        return true
      },
    )
    const late = new AbortController()
    const left = Math.max(0, this.#untilMs - leaveMs - performance.now())
    const inTime = await Promise.race([done, pause(left, late.signal).then(() => false)])
    late.abort()
    if (!inTime) this.#late.push(name)
  }

  /** Says which steps were late. */
  end(): void {
    if (this.#late.length === 0) return
    mayHang()
    this.#log.warn(
      'some parts were still at work; nothing that is stored is lost, and the agents have the rest',
      {
        parts: this.#late.join(', '),
      },
    )
  }
}
