import type { Program } from '../../protocol/program.ts'

/** A collector that uses a store. */
export interface Lease {
  program: Program
  /** rises while it runs: that shows whether it runs, and no clock does */
  beat: number
  /** whether it takes records; absent: it is of an earlier version, and does not say */
  serves?: boolean
}

/** Of a store that several collectors can open at once. */
export interface LeaseStore {
  writeLease(lease: Lease): Promise<void>
  removeLease(instance: string): Promise<void>
  /** Those that were written in the last two hours. */
  leases(): Promise<Lease[]>
}
