import type { Device } from '../../protocol/device.ts'
import type { Owner } from '../../protocol/owner.ts'
import type { Sample } from '../../protocol/sample.ts'

/** What one poll found out about one device, in base units. */
export interface Reading {
  /** part of the machine, such as `gpu3`; absent: the machine itself */
  part?: string
  /** the part of the same machine that feeds this one: a PDU's outlet is behind its inlet, whose energy includes the outlet's; an empty text is the machine itself */
  behind?: string
  /** `tags` are the machine's own labels, such as an outlet's name; a tag in the configuration overrides one of the same name */
  identity: Omit<Device, 'deviceId' | 'driver' | 'location' | 'meteredBy'>
  sample: Omit<Sample, 'deviceId' | 'observedAtMs'>
  counters?: Counters
  shares?: AcceptedShares
  /**
   * true: this machine's API has no counter of accepted work, so its work is estimated by hashrate x `sample.paidRatio`.
   * Absent for a machine that counts, also where this reading lacks the counter: the next one catches up.
   */
  uncountedWork?: true
}

/** Shares that a miner's own pools accepted; the firmware's dev fee pool is left out. Absent: the API does not count them. */
export interface AcceptedShares {
  /** since the machine's start */
  accepted: number
  /** since the machine's start; absent: the API does not count them */
  rejected?: number
  /** difficulty-1 shares that one share is worth: the larger of the pool's present difficulty and the average so far */
  difficulty?: number
}

/**
 * Cumulative values since a start that the device chooses. A smaller value than before means that the device started again.
 * The accumulator turns the differences into interval records.
 */
export interface Counters {
  /** the device's own energy counter, J */
  energyJ?: number
  /** a meter's counter of the energy that flowed out through it, J */
  exportedJ?: number
  /**
   * the part of the counter's growth since the last reading that is this device's, 0 to 1: several devices show the counter of the
   * package that they are parts of. Absent: all of it
   */
  energyPart?: number
  /**
   * counters that contradict the device's own power, or its hashrate, or that may be another server's than before: what the accumulator
   * keeps of them is forgotten, so that none of it is booked later
   */
  refused?: readonly ('energyJ' | 'exportedJ' | 'work' | 'tokens')[]
  /** accepted work and served tokens, by owner */
  byOwner?: OwnerCounters[]
  /**
   * counters that are seen and not sold: where a reading tells one in `byOwner`, now or after a restart of the agent, it goes on from
   * here, so that its past is never sold
   */
  unsold?: OwnerCounters[]
}

export interface OwnerCounters {
  owner: Owner
  /**
   * which of several counters of this owner: each begins, ends and starts again by itself, as the replicas of a service do. Absent: there
   * is one, and several without a name are one sum
   */
  counter?: string
  /** work that the pool accepted, in difficulty-1 shares */
  workDiff1?: number
  tokensIn?: number
  /** the part of tokensIn that came from a cache */
  tokensInCached?: number
  tokensOut?: number
}
