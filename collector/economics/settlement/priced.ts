import type { Device } from '../../../protocol/device.ts'
import type { Attribution } from '../energy/attribution.ts'
import type { Charge, OwnerPart } from '../energy/distribution.ts'
import type { AgentInterval } from '../ledger-row.ts'
import type { Workload } from '../workloads.ts'

/** An interval with what it has of its device's energy. */
export interface IntervalPart extends OwnerPart {
  interval: AgentInterval
}

/** A piece of the ledger, priced by itself: what the rows are made of, and what a figure is explained by. Money in nano-USD. */
export interface PricedPart {
  /** absent: a contract without machines, or overhead that no meter measures */
  interval?: AgentInterval | undefined
  /** false where only energy that its meter shows beyond the machines is charged, not what the interval counts */
  counts: boolean
  device: Device | undefined
  name: string
  /** absent where it earns nothing by its nature */
  workload?: Workload | undefined
  /** how its energy came about */
  charge?: Charge<IntervalPart>
  energyMilliJ: number
  /** all that it earns */
  revenueNanoUsd: number
  /** of that what a contract pays, whatever was done */
  contractNanoUsd: number
  /** of that what was mined, in thousandths of a satoshi */
  minedMilliSat: number
  /** what a pool and a firmware kept; not in the revenue */
  feeNanoUsd: number
  /** of its energy */
  costNanoUsd: number
  demandNanoUsd: number
  depreciationNanoUsd: number
}

const NOTHING = {
  energyMilliJ: 0,
  revenueNanoUsd: 0,
  contractNanoUsd: 0,
  minedMilliSat: 0,
  feeNanoUsd: 0,
  costNanoUsd: 0,
  demandNanoUsd: 0,
  depreciationNanoUsd: 0,
}

/** What an interval is before it is priced. */
export const pieceOf = (
  interval: AgentInterval,
  device: Device | undefined,
  { name, workload }: Attribution,
): PricedPart => ({ interval, counts: true, device, name, workload, ...NOTHING })

/** What no machine and no meter stands for. */
export const pieceWithoutDevice = (
  { name, workload }: Attribution,
  amounts: Partial<typeof NOTHING>,
): PricedPart => ({
  counts: false,
  device: undefined,
  name,
  workload,
  ...NOTHING,
  ...amounts,
})

/** What shares something by energy; where there is none, by time. */
export const weightsOf = (parts: readonly PricedPart[]): number[] =>
  parts.some((p) => p.energyMilliJ > 0)
    ? parts.map((p) => Math.max(0, p.energyMilliJ))
    : parts.map((p) => p.interval?.durationMs ?? 1)
