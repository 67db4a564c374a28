import type { Log } from '../../protocol/kit/log.ts'
import { ownerKey } from '../../protocol/owner.ts'
import { HASHES_PER_DIFF1, MINUTE_MS } from '../../protocol/units.ts'
import { inTh } from '../asic/reading.ts'
import type { Reading } from '../plugin/reading.ts'

export interface ShareWatchOptions {
  /** a miner that hashes is faulty when its pools accept no share for this long */
  timeoutMs: number
  /** a longer time between two readings does not count as waiting: nobody saw what happened */
  maxGapMs: number
  log: Log
}

/** Shares come at random (Poisson): waiting ten times the mean for one happens once in 22,000 (e^10). */
const LATE_SHARES = 10

/** One miner's wait since its last accepted share. */
interface Wait {
  accepted: number
  uptimeS: number
  /** pools that it has worked for since; only a pool that is new to this list restarts the wait */
  tried: Set<string>
  /** time that readings covered */
  waitedMs: number
  lastSeenMs: number
  overdue: boolean
}

/**
 * Finds miners that hash while their pool accepts nothing: a machine with a dead connection or a wrong worker name hashes on and
 * earns nothing. A miner whose API counts no shares is not checked.
 */
export class ShareWatch {
  readonly #options: ShareWatchOptions
  readonly #waits = new Map<string, Wait>()

  constructor(options: ShareWatchOptions) {
    this.#options = options
  }

  /**
   * Checks a reading. @returns the reading; where a share is overdue, with state `faulty` and its hashrate moved from the sample
   * into the fault's text, because nobody pays for it
   * @param nowMs of a monotonic clock
   */
  check(deviceId: string, reading: Reading, nowMs: number): Reading {
    const { sample, shares } = reading
    if (sample.state !== 'hashing') {
      this.#waits.delete(deviceId)
      return reading
    }
    if (!shares) return reading
    const wait = this.#waitOf(deviceId, reading, shares.accepted, nowMs)
    const { hashrateHs } = sample
    // without a trusted hashrate it is unknown whether the miner works
    if (hashrateHs === undefined) return reading
    const shareMs = (((shares.difficulty ?? 0) * HASHES_PER_DIFF1) / hashrateHs) * 1000
    const limitMs = Math.max(this.#options.timeoutMs, LATE_SHARES * shareMs)
    const overdue = wait.waitedMs >= limitMs
    if (overdue !== wait.overdue) this.#logChange(deviceId, overdue, poolOf(reading))
    wait.overdue = overdue
    if (!overdue) return reading
    const { hashrateHs: _, ...rest } = sample
    const fault = `shows ${inTh(hashrateHs)} but no share was accepted for ${durationText(limitMs)} by ${poolOf(reading)}; check the pool and worker name`
    const faults = [fault.slice(0, 256), ...(sample.faults ?? [])].slice(0, 32)
    return { ...reading, sample: { ...rest, state: 'faulty', faults } }
  }

  /** The miner's wait, this reading included. A share, a restart or a pool that it had not tried sets it back to 0. */
  #waitOf(deviceId: string, { sample }: Reading, accepted: number, nowMs: number): Wait {
    const { uptimeS = 0, holders = [] } = sample
    const pools = holders.map(({ owner }) => ownerKey(owner))
    const before = this.#waits.get(deviceId)
    const wait = before ?? {
      tried: new Set(),
      waitedMs: 0,
      lastSeenMs: nowMs,
      accepted,
      uptimeS,
      overdue: false,
    }
    const elapsedMs = nowMs - wait.lastSeenMs
    if (elapsedMs <= this.#options.maxGapMs) wait.waitedMs += elapsedMs
    const accepts = accepted !== wait.accepted
    if (accepts) wait.tried.clear()
    if (accepts || uptimeS < wait.uptimeS || pools.some((pool) => !wait.tried.has(pool))) wait.waitedMs = 0
    for (const pool of pools) wait.tried.add(pool)
    Object.assign(wait, { accepted, uptimeS, lastSeenMs: nowMs })
    this.#waits.set(deviceId, wait)
    return wait
  }

  #logChange(device: string, overdue: boolean, pool: string): void {
    const { log } = this.#options
    if (overdue) log.warn('miner hashes, but its pool accepts no share', { device, pool })
    else log.info('miner is no longer faulty for missing shares', { device, pool })
  }
}

const durationText = (ms: number): string =>
  ms < MINUTE_MS ? `${Math.round(ms / 1000)} s` : `${Math.round(ms / MINUTE_MS)} min`

/** The host name of the pool that the miner works for. */
function poolOf({ sample }: Reading): string {
  const url = sample.holders?.[0]?.owner['poolUrl'] ?? ''
  return /^(?:[^/]*:\/\/)?([^/:]+)/.exec(url)?.[1] ?? 'any pool'
}
