import type { Quote } from '../../protocol/quote.ts'
import type { Decision, HeldFilter } from '../plugin/held.ts'

/** What a person asks to be priced again. */
export interface RepricingRequest {
  /** whole minutes; the end is exclusive, and not in the future */
  fromMs: number
  toMs: number
  by: string
  reason: string
  /** corrected prices; each holds from its own time to the next of the same name */
  quotes: readonly Quote[]
  /** use the present configuration's rules instead of those in force at the time */
  presentRules: boolean
  /** devices by name that stood then as they are told now, behind the same meters; an empty list: all; absent: each stood as it was told then */
  presentWiring?: readonly string[]
}

/** What a person decided about held records. */
export interface DecisionRequest {
  verdict: Decision['verdict']
  /** which held records; open ones where it names no state */
  filter: HeldFilter
  by: string
  reason: string
  /**
   * true: it decides claims, for an adoption. Every other decision leaves claims out: accepting one would pay a minute of a machine to a
   * second agent.
   */
  adoption?: boolean
  /** by so much the records were moved that it takes in, ms */
  shiftMs?: number
}
