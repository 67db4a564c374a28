import { readFileSync } from 'node:fs'
import { uptime } from 'node:os'

/** Two programs with the same text run since the same start of the computer, so that their steady clocks can be compared. */
export function bootId(): string {
  try {
    return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()
  } catch {
    // no such file: no earlier run can be of the same boot
    return `${process.pid} ${uptime()}`
  }
}
