import type { Device } from '../../../protocol/device.ts'
import type { Attribution } from '../energy/attribution.ts'
import type { Charge, OwnerPart } from '../energy/distribution.ts'
import type { AgentInterval } from '../ledger-row.ts'
import type { TrueUp } from '../true-up.ts'
import type { Workload } from '../workloads.ts'

/** An interval record as a part of its device's energy. */
export interface IntervalPart extends OwnerPart {
  interval: AgentInterval
}

/** The smallest priced part of the ledger: rows are sums of parts, and figures are explained part by part. Money in nano-USD. */
export interface PricedPart {
  /** absent for a contract without machines, and for overhead that no meter measures */
  interval?: AgentInterval | undefined
  /** false if the part is a meter's remainder: then the interval's work, tokens and time do not count */
  counts: boolean
  device: Device | undefined
  /** name of the workload, or a name in UNPAID */
  name: string
  /** absent for the names in UNPAID */
  workload?: Workload | undefined
  /** present: the part is what a pool credited beyond the ledger's work of a day, and has no energy */
  trueUp?: TrueUp
  /** the charge that its energy comes from */
  charge?: Charge<IntervalPart>
  energyMilliJ: number
  /** all revenue, contracts included */
  revenueNanoUsd: number
  /** revenue from a contract; included in revenueNanoUsd */
  contractNanoUsd: number
  /** revenue from estimated work; included in revenueNanoUsd */
  estimatedNanoUsd: number
  /** mining revenue in thousandths of a satoshi; included in revenueNanoUsd */
  minedMilliSat: number
  /** pool fee and firmware dev fee; not part of the revenue */
  feeNanoUsd: number
  /** energy cost */
  costNanoUsd: number
  demandNanoUsd: number
  depreciationNanoUsd: number
  /** work that earns nothing yet: a price is missing */
  unpricedWorkDiff1: number
  /** energy that costs nothing yet: its price is missing; included in energyMilliJ */
  unpricedEnergyMilliJ: number
}

const NOTHING = {
  energyMilliJ: 0,
  revenueNanoUsd: 0,
  contractNanoUsd: 0,
  estimatedNanoUsd: 0,
  minedMilliSat: 0,
  feeNanoUsd: 0,
  costNanoUsd: 0,
  demandNanoUsd: 0,
  depreciationNanoUsd: 0,
  unpricedWorkDiff1: 0,
  unpricedEnergyMilliJ: 0,
}

/** The part of an interval record, before it is priced. */
export const pieceOf = (
  interval: AgentInterval,
  device: Device | undefined,
  { name, workload }: Attribution,
): PricedPart => ({ interval, counts: true, device, name, workload, ...NOTHING })

/** A part without a device: a contract without machines, or overhead that no meter measures. */
export const pieceWithoutDevice = (
  { name, workload }: Attribution,
  amounts: Partial<typeof NOTHING> & Pick<PricedPart, 'trueUp'>,
): PricedPart => ({
  counts: false,
  device: undefined,
  name,
  workload,
  ...NOTHING,
  ...amounts,
})

/** Weights for sharing an amount over parts: their energy, or their time if none has energy. */
export const weightsOf = (parts: readonly PricedPart[]): number[] =>
  parts.some((p) => p.energyMilliJ > 0)
    ? parts.map((p) => Math.max(0, p.energyMilliJ))
    : parts.map((p) => (p.trueUp ? 0 : (p.interval?.durationMs ?? 1)))
