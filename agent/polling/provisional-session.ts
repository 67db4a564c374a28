import { deadlineOf, withDeadline } from '../../protocol/kit/retry.ts'
import type { FoundSession } from './found-session.ts'
import type { Trials } from './trials.ts'

/** A poll's deadline where its signal does not tell it: the default of the setting `timeout`. */
const UNTOLD_MS = 5_000

/**
 * A session of `driver: auto` that looks for a better driver while a fallback reads the machine. Detection goes on behind the polls: it
 * neither delays nor fails one. The better driver reads from the next poll on.
 * @param again detects once more @returns (of `again`) a session with better drivers, undefined where there are none
 */
export function provisionalSession(
  first: FoundSession,
  trials: Trials,
  again: (signal: AbortSignal) => Promise<FoundSession | undefined>,
): FoundSession {
  const closed = new AbortController()
  let current = first
  let better: FoundSession | undefined
  let isDetecting = false

  const detectAgain = async (ms: number) => {
    isDetecting = true
    try {
      better = await withDeadline(again, ms, closed.signal)
    } catch {
      // it answers less than before: the next detection may find more
    } finally {
      isDetecting = false
    }
  }

  return {
    get driver() {
      return current.driver
    },
    async read(signal) {
      if (better) {
        current.close?.()
        current = better
        better = undefined
      }
      const readings = await current.read(signal)
      if (!isDetecting && !better && trials.isDetectionDue())
        void detectAgain(deadlineOf(signal)?.ms ?? UNTOLD_MS)
      return readings
    },
    remembers: () => current.remembers?.(),
    close() {
      closed.abort(new Error('the session is closed'))
      current.close?.()
    },
  }
}
