import type { SiteView } from '../../../views/site.ts'
import type { WorkloadView } from '../../../views/workload.ts'

/** Stands before a figure of which a part is estimated: work that no machine counted, or power that nothing measured. */
export const ESTIMATED = '≈'

/** `≈ 12.5`, or the text alone. */
export const marked = (isEstimated: boolean, text: string): string =>
  isEstimated ? `${ESTIMATED} ${text}` : text

/** Whether a part of its revenue is from work that no machine counted, by its newest minute in the ledger. */
export const earnsEstimated = ({ lastMinute }: WorkloadView): boolean => (lastMinute?.estimatedUsd ?? 0) > 0

/** Whether a part of its power is split, estimated, by model or by rating. */
export const drawsEstimated = ({
  estimatedPowerW = 0,
}: Pick<WorkloadView | SiteView, 'estimatedPowerW'>): boolean => estimatedPowerW > 0

/** Whether its net, or what it earns for each MWh, rests on an estimate. */
export const isEstimated = (w: WorkloadView): boolean => earnsEstimated(w) || drawsEstimated(w)

/** What the mark means, in one line. */
export const ESTIMATED_MEANS = `${ESTIMATED} partly estimated`
