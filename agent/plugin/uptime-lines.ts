import { UNPAID_FAULTS } from '../../protocol/unpaid-faults.ts'
import type { Reading } from './reading.ts'

/** An uptime may be told in whole minutes, or minutes late. */
const COARSE_MS = 300_000
/** It may run so many times as fast as time. */
const FASTEST = 1.5
/** A start that was not seen for a day is forgotten. */
const KNOWN_FOR_MS = 86_400_000
const MOST_LINES = 4
/** Returns to an earlier start within the time below, after which it is two machines: one may be a figure that was read wrong. */
const RETURNS = 2
const RETURNS_WITHIN_MS = 3_600_000
/** After the last return they are taken for two during this time. */
const TWO_FOR_MS = 1_800_000

/** A start of a machine, by the steady clock, and when an uptime last told it. */
interface Line {
  startMs: number
  seenMs: number
}

/** Which machine answers, by its uptime. Neither: it is the one of the reading before, as far as is known. */
export interface UptimeVerdict {
  /** this reading is of another machine, or its clock was set: no counter goes on from the one before */
  isOther?: string
  /** two machines answer in turn */
  areTwo?: string
}

/**
 * Whether the machine that answers is that of the reading before, by its uptime, for miners that tell no id of their own. A machine that was up
 * for hours some seconds ago cannot have started an hour ago: it has either not started again, or just now. An uptime that goes back
 * and forth between two starts is that of two machines at one address.
 */
export class UptimeLines {
  /** the current one is the last */
  #lines: Line[] = []
  #hardwareId: string | undefined
  #returnsAtMs: readonly number[] = []
  #twoUntilMs = Number.NEGATIVE_INFINITY

  /** @param steadyMs of a monotonic clock */
  of({ sample: { uptimeS }, identity }: Reading, steadyMs: number): UptimeVerdict {
    const { hardwareId = this.#hardwareId } = identity
    // another id says by itself that it is another machine
    if (hardwareId !== this.#hardwareId && this.#hardwareId !== undefined) this.#lines = []
    this.#hardwareId = hardwareId
    const isOther = uptimeS === undefined ? undefined : this.#follow(uptimeS, steadyMs)
    const areTwo = steadyMs < this.#twoUntilMs ? TWO : undefined
    return { ...(isOther !== undefined && { isOther }), ...(areTwo !== undefined && { areTwo }) }
  }

  #follow(uptimeS: number, steadyMs: number): string | undefined {
    const startMs = steadyMs - 1000 * uptimeS
    const known = this.#lines.filter(({ seenMs }) => steadyMs - seenMs < KNOWN_FOR_MS)
    const last = known.at(-1)
    const line = { startMs, seenMs: steadyMs }
    const isLast = last !== undefined && follows(last, line)
    const same = isLast ? last : known.findLast((one) => Math.abs(one.startMs - startMs) <= COARSE_MS)
    this.#lines = [...known.filter((one) => one !== same), line].slice(-MOST_LINES)
    if (!last || isLast || startMs >= last.seenMs - COARSE_MS) return undefined
    if (same) this.#returned(steadyMs)
    const before = Math.round((last.seenMs - last.startMs) / 1000)
    const ago = Math.round((steadyMs - last.seenMs) / 1000)
    return `its uptime of ${Math.round(uptimeS)} s does not follow that of ${before} s, ${ago} s ago: another machine answers at this address, or its clock was set; no counter goes on across it`
  }

  #returned(steadyMs: number): void {
    this.#returnsAtMs = [...this.#returnsAtMs.filter((ms) => steadyMs - ms < RETURNS_WITHIN_MS), steadyMs]
    if (this.#returnsAtMs.length >= RETURNS) this.#twoUntilMs = steadyMs + TWO_FOR_MS
  }
}

/** Whether an uptime is that of the reading before, some time later. It may stand still: some count only the time that they hash. */
function follows(last: Line, now: Line): boolean {
  const elapsedMs = now.seenMs - last.seenMs
  const grownMs = now.seenMs - now.startMs - (last.seenMs - last.startMs)
  return grownMs >= -COARSE_MS && grownMs <= FASTEST * elapsedMs + COARSE_MS
}

const TWO = `its uptime goes back and forth between two starts: ${UNPAID_FAULTS.twoMachines}, so no counter is used and the work is estimated from the hashrate; give one of them another address`
