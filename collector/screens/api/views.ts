import type { Machine } from '../../economics/choices/break-even.ts'
import type { ChoiceInputs } from '../../live/choice-inputs.ts'
import type { AlertView } from '../../views/alert.ts'
import type { DeviceView } from '../../views/device.ts'
import type { FigureGroup, LiveGroup, UnmatchedOwner } from '../../views/figures.ts'
import type { Frame, Trend } from '../../views/frame.ts'
import type { SiteView } from '../../views/site.ts'
import type { StandingView } from '../../views/standing.ts'
import type { WorkloadView } from '../../views/workload.ts'

/** What the screens and the API read of the live collector. */
export interface Views {
  site(): SiteView
  workloads(): WorkloadView[]
  devices(): DeviceView[]
  alerts(): AlertView[]
  /** what stands still, and each part of the pipeline */
  standing(): StandingView
  frame(): Frame
  trend(): Trend
  /** power and earnings of each group now */
  liveGroups(groupBy: FigureGroup): Map<string, LiveGroup>
  /** owners that hold machines now and match no workload */
  unmatched(): UnmatchedOwner[]
  /** the site’s machines, prices and earnings, for advice and scenarios */
  choiceInputs(): ChoiceInputs
  /** every miner and GPU that reports, with its earnings and costs */
  machines(): Machine[]
}
