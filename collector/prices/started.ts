import { after } from '../../protocol/kit/timers.ts'

/** Whether something has started, for callers who may come a moment before. */
export class Started {
  #has = false
  readonly #waiting = new Set<() => void>()

  get has(): boolean {
    return this.#has
  }

  begin(): void {
    this.#has = true
    for (const resume of this.#waiting) resume()
    this.#waiting.clear()
  }

  /** Resolves once it has started, or after this time. */
  wait(ms: number): Promise<void> {
    if (this.#has) return Promise.resolve()
    return new Promise((resolve) => {
      const timer = after(ms, resolve)
      this.#waiting.add(() => {
        clearTimeout(timer)
        resolve()
      })
    })
  }
}
