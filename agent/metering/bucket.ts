import type { Interval, IntervalQuantity } from '../../protocol/interval.ts'
import type { Owner } from '../../protocol/owner.ts'
import { apportion } from '../../protocol/units.ts'
import type { Piece } from './piece.ts'

/** The open record of one device, owner and piece of time. Kept on disk as JSON in the spool's checkpoint. */
export interface Bucket extends Piece {
  owner: Owner
  coveredMs: number
  sums: Partial<Record<IntervalQuantity, number>>
  powerBasis?: Interval['powerBasis']
  /** the largest difficulty of a share that its readings told, difficulty-1 shares */
  shareDiff1?: number
  /** part of it lies in a gap, for which there are only counters */
  recovered: boolean
  /** complete: nothing more is added */
  sealed: boolean
  /** its minute may have records already, because the wall clock was set back */
  again: boolean
  /**
   * Number of the stretch of undisturbed wall clock that it lies in; each step of the clock starts a new stretch. Buckets of two
   * stretches may show the same minute, but they are of different times and share no energy.
   */
  stretch: number
  /** stretch of the agent's clock that its time is of; absent in states that an older version wrote, whose time is taken as right */
  clock?: number
  /** present: it was open when the clock was set; its time in the stretch `clock` minus the time that it says, ms */
  shiftMs?: number
}

export function add({ sums }: Pick<Bucket, 'sums'>, quantity: IntervalQuantity, amount: number): void {
  sums[quantity] = (sums[quantity] ?? 0) + amount
}

/**
 * Shares a miner's energy of one minute among its pools by accepted work. Only one pool at a time is seen as active, but the
 * minute may hold work for several (a pool switch, the firmware's dev fee). Without accepted work the active pool keeps the energy.
 */
export function shareEnergyByWork(buckets: readonly Bucket[]): void {
  const pools = buckets.filter((b) => b.owner['poolUrl'] !== undefined)
  const work = pools.map((b) => (b.sums.workDiff1 ?? 0) + (b.sums.estimatedWorkDiff1 ?? 0))
  if (pools.length < 2 || !work.some((w) => w > 0)) return
  const metered = pools.filter((b) => b.sums.energyMilliJ !== undefined)
  if (metered.length === 0) return
  const totalMilliJ = metered.reduce((sum, b) => sum + (b.sums.energyMilliJ ?? 0), 0)
  const parts = apportion(totalMilliJ, work)
  for (const [i, b] of pools.entries()) {
    b.sums.energyMilliJ = parts[i] as number
    b.powerBasis ??= metered[0]?.powerBasis
  }
}
