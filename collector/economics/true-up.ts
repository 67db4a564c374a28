import type { Owner } from '../../protocol/owner.ts'
import { HOUR_MS, MINUTE_MS } from '../../protocol/units.ts'

/**
 * What a pool credited to one worker for one complete UTC day beyond the ledger's work of that worker, where part of that work is
 * estimated. It is a quantity, not money: the day's last minute prices it as it prices work, so a repricing of that minute reaches
 * it too, and settling again changes nothing. The key is (workload, worker, dayMs); a newer one replaces the older.
 */
export interface TrueUp {
  workload: string
  /** the pool user of the machines, `account.worker` */
  worker: string
  /** start of the UTC day, Unix ms */
  dayMs: number
  /** signed whole difficulty-1 shares to book: poolWorkDiff1 - countedWorkDiff1 - estimatedWorkDiff1 */
  workDiff1: number
  /** what the pool credited */
  poolWorkDiff1: number
  /** source of poolWorkDiff1: the pool's count of shares, or its average hashrate x time */
  poolBasis: 'shares' | 'hashrate'
  /** the ledger's work of this worker in the day at this pool */
  countedWorkDiff1: number
  /** with what the pool credited beyond it that may be of work elsewhere under this name, or before the ledger had the machine */
  estimatedWorkDiff1: number
}

/** The minute that a true-up is booked in: the day's last, Unix ms. */
export const trueUpMinute = ({ dayMs }: Pick<TrueUp, 'dayMs'>): number => dayMs + 24 * HOUR_MS - MINUTE_MS

/** The owner of a true-up's ledger row: no machine has this fact, so the row shares its key with no other. */
export const trueUpOwner = ({ worker, dayMs }: Pick<TrueUp, 'worker' | 'dayMs'>): Owner => ({
  poolUser: worker,
  trueUpOf: new Date(dayMs).toISOString().slice(0, 10),
})
