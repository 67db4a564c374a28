/** During this time after the first look a list is read at each poll: a BMC that starts lists its parts one after another. */
const OFTEN_FOR_MS = 5 * 60_000
/** Later something may be plugged in. */
const AGAIN_MS = 60_000

/** When a list of a BMC is read again. */
export class LookAgain {
  #firstAtMs: number | undefined
  #lastAtMs = Number.NEGATIVE_INFINITY

  /** @param nowMs steady clock */
  isDue(nowMs = performance.now()): boolean {
    return this.#firstAtMs === undefined || nowMs - this.#lastAtMs >= this.#everyMs(nowMs)
  }

  /** To be called when the list has come. */
  looked(nowMs = performance.now()): void {
    this.#firstAtMs ??= nowMs
    this.#lastAtMs = nowMs
  }

  /** The list said nothing: the next look is at once. */
  forget(): void {
    this.#firstAtMs = undefined
  }

  #everyMs(nowMs: number): number {
    return nowMs - (this.#firstAtMs ?? nowMs) < OFTEN_FOR_MS ? 0 : AGAIN_MS
  }
}
