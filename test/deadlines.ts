import { vi } from 'vitest'

/** A deadline that no test lasts long enough to reach. No other timer has this length. */
export const DEADLINE_MS = 3_599_123

/** Keeps the deadlines of the requests that follow. @returns lets them pass, so that no test waits for one */
export function keepDeadlines(): () => void {
  const { setTimeout } = globalThis
  const ends: (() => void)[] = []
  const spy = vi.spyOn(globalThis, 'setTimeout').mockImplementation(((
    end: () => void,
    ms?: number,
    ...rest: []
  ) => {
    if (ms === DEADLINE_MS) ends.push(end)
    return setTimeout(end, ms, ...rest)
  }) as typeof setTimeout)
  return () => {
    spy.mockRestore()
    for (const end of ends) end()
  }
}
