import type { Machine } from '../economics/choices/break-even.ts'
import type { ChoiceInputs } from '../live/choice-inputs.ts'
import type { AlertView } from '../views/alert.ts'
import type { DeviceView } from '../views/device.ts'
import type { FigureGroup, LiveGroup, UnmatchedOwner } from '../views/figures.ts'
import type { Frame, Trend } from '../views/frame.ts'
import type { SiteView } from '../views/site.ts'
import type { WorkloadView } from '../views/workload.ts'

/** What the screens and the API may ask the collector. */
export interface Views {
  site(): SiteView
  workloads(): WorkloadView[]
  devices(): DeviceView[]
  alerts(): AlertView[]
  /** one device, its history for a sparkline, or undefined where there is none of that name */
  frame(): Frame
  trend(): Trend
  /** what each group takes and earns now */
  liveGroups(groupBy: FigureGroup): Map<string, LiveGroup>
  /** owners that hold machines now and that no rule knows */
  unmatched(): UnmatchedOwner[]
  /** what the site is and earns, for what could be */
  choiceInputs(): ChoiceInputs
  /** every miner and GPU that is heard, with what it earns and costs */
  machines(): Machine[]
}
