import type { Log } from '../../protocol/kit/log.ts'
import { ownerKey } from '../../protocol/owner.ts'
import { HASHES_PER_DIFF1, MINUTE_MS } from '../../protocol/units.ts'
import { inTh } from '../asic/reading.ts'
import type { Reading } from '../plugin/reading.ts'

export interface ShareWatchOptions {
  /** a hashing miner whose pools accept nothing for so long is faulty */
  timeoutMs: number
  /** readings further apart than this say nothing of the time between them */
  maxGapMs: number
  log: Log
}

/** Shares come at random: one that takes ten times its mean comes once in 22,000. */
const LATE_SHARES = 10

/** One miner since its last accepted share. */
interface Wait {
  accepted: number
  uptimeS: number
  /** pools that it worked for since: going round among them is no new beginning */
  tried: Set<string>
  /** watched, not only passed */
  waitedMs: number
  seenMs: number
  unpaid: boolean
}

/**
 * Watches that pools take what miners show: a machine with a dead connection or a wrong worker name hashes on and earns nothing.
 * One whose API counts no shares is not judged.
 */
export class ShareWatch {
  readonly #options: ShareWatchOptions
  readonly #waits = new Map<string, Wait>()

  constructor(options: ShareWatchOptions) {
    this.#options = options
  }

  /**
   * A miner's reading as it came, or, where its pools have long accepted nothing, as `faulty`, with its hashrate in the fault
   * and not in the figures: nobody pays for it.
   * @param nowMs of a steady clock
   */
  judge(deviceId: string, reading: Reading, nowMs: number): Reading {
    const { sample, shares } = reading
    if (sample.state !== 'hashing') {
      this.#waits.delete(deviceId)
      return reading
    }
    if (!shares) return reading
    const wait = this.#waitOf(deviceId, reading, shares.accepted, nowMs)
    const { hashrateHs } = sample
    // a reading that is not believed is no proof of work
    if (hashrateHs === undefined) return reading
    const shareMs = (((shares.difficulty ?? 0) * HASHES_PER_DIFF1) / hashrateHs) * 1000
    const limitMs = Math.max(this.#options.timeoutMs, LATE_SHARES * shareMs)
    const unpaid = wait.waitedMs >= limitMs
    if (unpaid !== wait.unpaid) this.#say(deviceId, unpaid, poolOf(reading))
    wait.unpaid = unpaid
    if (!unpaid) return reading
    const { hashrateHs: _, ...rest } = sample
    const fault = `shows ${inTh(hashrateHs)} but no share was accepted for ${inWords(limitMs)} by ${poolOf(reading)}; check the pool and worker name`
    const faults = [fault.slice(0, 256), ...(sample.faults ?? [])].slice(0, 32)
    return { ...reading, sample: { ...rest, state: 'faulty', faults } }
  }

  /** How long it has waited, this reading included: from 0 after a share, a restart, or with a pool that it had not tried. */
  #waitOf(deviceId: string, { sample }: Reading, accepted: number, nowMs: number): Wait {
    const { uptimeS = 0, holders = [] } = sample
    const pools = holders.map(({ owner }) => ownerKey(owner))
    const before = this.#waits.get(deviceId)
    const wait = before ?? { tried: new Set(), waitedMs: 0, seenMs: nowMs, accepted, uptimeS, unpaid: false }
    const elapsedMs = nowMs - wait.seenMs
    if (elapsedMs <= this.#options.maxGapMs) wait.waitedMs += elapsedMs
    const paid = accepted !== wait.accepted
    if (paid) wait.tried.clear()
    if (paid || uptimeS < wait.uptimeS || pools.some((pool) => !wait.tried.has(pool))) wait.waitedMs = 0
    for (const pool of pools) wait.tried.add(pool)
    Object.assign(wait, { accepted, uptimeS, seenMs: nowMs })
    this.#waits.set(deviceId, wait)
    return wait
  }

  #say(device: string, unpaid: boolean, pool: string): void {
    const { log } = this.#options
    if (unpaid) log.warn('miner hashes, and its pool accepts nothing', { device, pool })
    else log.info('miner is not faulty for want of shares any more', { device, pool })
  }
}

const inWords = (ms: number): string =>
  ms < MINUTE_MS ? `${Math.round(ms / 1000)} s` : `${Math.round(ms / MINUTE_MS)} min`

/** The host of the pool that it works for, without port, user or scheme. */
function poolOf({ sample }: Reading): string {
  const url = sample.holders?.[0]?.owner['poolUrl'] ?? ''
  return /^(?:[^/]*:\/\/)?([^/:]+)/.exec(url)?.[1] ?? 'any pool'
}
