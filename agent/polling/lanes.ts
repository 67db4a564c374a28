/** Work that takes its turn. */
export interface Lane {
  /** whether several devices share it */
  readonly isShared: boolean
  /** Runs the work once nobody before it is at work. It rejects with the signal's reason where that ends the wait. */
  run<T>(work: () => Promise<T>, signal: AbortSignal): Promise<T>
}

/** Nobody else uses this address. */
export const OWN_LANE: Lane = { isShared: false, run: (work) => work() }

/** One after another, in the order in which they came. */
export class SharedLane implements Lane {
  readonly isShared = true
  #last: Promise<unknown> = Promise.resolve()

  async run<T>(work: () => Promise<T>, signal: AbortSignal): Promise<T> {
    const before = this.#last
    let done = () => {}
    this.#last = new Promise<void>((resolve) => {
      done = resolve
    })
    try {
      await before
      signal.throwIfAborted()
      return await work()
    } finally {
      done()
    }
  }
}

/** The lane of each device: those with the same key share one. @param keys undefined: a lane of its own */
export function lanesOf(keys: readonly (string | undefined)[]): Lane[] {
  const users = new Map<string, number>()
  for (const key of keys) if (key !== undefined) users.set(key, (users.get(key) ?? 0) + 1)
  const shared = new Map<string, Lane>()
  return keys.map((key) => {
    if (key === undefined || (users.get(key) ?? 0) < 2) return OWN_LANE
    const lane = shared.get(key) ?? new SharedLane()
    shared.set(key, lane)
    return lane
  })
}
