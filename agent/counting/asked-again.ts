import { deadlineOf, withDeadline } from '../../protocol/kit/retry.ts'

export type Ask<A> = (signal: AbortSignal) => Promise<A>

/**
 * How often to ask again after an odd answer: some at once, so that each worker of a server takes one, and so some times, because what is
 * asked later may not show less. Two servers hide once in 500 times.
 */
const [ROUNDS_AGAIN, AT_ONCE] = [3, 3]
/** all of it takes no longer */
export const AGAIN_MS = 2_000

/** @returns what was answered in time, by rounds: each was asked for after the one before was answered */
export async function askedAgain<A>(ask: Ask<A>, signal: AbortSignal): Promise<A[][]> {
  const rounds: A[][] = []
  const askAll = async (own: AbortSignal) => {
    for (let i = 0; i < ROUNDS_AGAIN; i++) {
      const round: A[] = []
      rounds.push(round)
      const one = async () => {
        round.push(await ask(own))
      }
      await Promise.allSettled(Array.from({ length: AT_ONCE }, one))
      own.throwIfAborted()
    }
  }
  // the answer that is there already must not be lost with those that are late
  const leftMs = (deadlineOf(signal)?.atMs ?? Number.POSITIVE_INFINITY) - performance.now()
  await withDeadline(askAll, Math.min(AGAIN_MS, leftMs / 2), signal).catch(() => undefined)
  signal.throwIfAborted()
  return rounds.map((round) => [...round])
}
