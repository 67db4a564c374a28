import koffi from 'koffi'
import { every } from '../../protocol/kit/timers.ts'

/** Linux, prctl(2): the signal that the kernel sends to this process when its parent ends, by kill -9 too. */
const PR_SET_PDEATHSIG = 1
const SIGTERM = 15
const CHECK_MS = 500

/**
 * Lets SIGTERM reach this process when `parent`, its parent, ends. It is for a parent that gives its children no channel whose end
 * they could notice: npm.
 * @param parent process id, as the shell that npm started knows it
 */
export function endsWith(parent: number, raise = () => void process.kill(process.pid, 'SIGTERM')): void {
  if (!(process.platform === 'linux' && signalAtParentsEnd())) {
    // elsewhere the kernel tells nothing, but it gives the process another parent
    every(CHECK_MS, () => {
      if (process.ppid !== parent) raise()
    }).unref()
  }
  // it ended before the kernel was asked
  if (process.ppid !== parent) raise()
}

function signalAtParentsEnd(): boolean {
  try {
    const prctl = koffi
      .load(null)
      .func('int prctl(int, unsigned long, unsigned long, unsigned long, unsigned long)')
    return prctl(PR_SET_PDEATHSIG, SIGTERM, 0, 0, 0) === 0
  } catch {
    // without native/ beside the program
    return false
  }
}
