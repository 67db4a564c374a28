import { pause } from './retry.ts'

/** Work of Node's thread pool by its names: files and host names. */
const OF_THE_POOL = /^(FSReq|GetAddrInfoReq|GetNameInfoReq)/
/** A read that is under way at the end is done sooner. */
const READ_WITHIN_MS = 300
const LOOK_MS = 20

let somethingHangs = false

/** A part did not end in time: it may hang in a thread, and an ordinary exit would wait for it. */
export function mayHang(): void {
  somethingHangs = true
}

/**
 * Ends the program with its exit status; by SIGTERM, which is no failure either, where a thread of the pool hangs in a file or in a name:
 * `process.exit` waits for every thread, and one that reads from a dead disk never comes back.
 */
export async function endProgram(): Promise<never> {
  const untilMs = performance.now() + READ_WITHIN_MS
  const isAtWork = () => process.getActiveResourcesInfo().some((name) => OF_THE_POOL.test(name))
  while (isAtWork() && performance.now() < untilMs) await pause(LOOK_MS)
  if (somethingHangs || isAtWork()) endBy('SIGTERM')
  process.exit(process.exitCode ?? 0)
}

/** Ends the program at once, as the kernel does it: no thread is waited for. */
export function endBy(signal: 'SIGTERM' | 'SIGKILL'): never {
  if (signal !== 'SIGKILL') process.removeAllListeners(signal)
  process.kill(process.pid, signal)
  // the first process of a container takes no deadly signal from itself
  process.exit(signal === 'SIGTERM' ? 0 : 1)
}
