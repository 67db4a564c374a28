import { defined } from '../../../protocol/kit/defined.ts'
import { FittedPlaces } from '../../host-power/fitted-places.ts'
import { TotalChecks } from '../../host-power/total-checks.ts'
import type { SeenControls } from './controls.ts'
import { JointCounters } from './joint-counter.ts'

/** What a BMC has taught: it outlives the walk to the machine, the session and the agent. */
export class Memory {
  readonly totals: TotalChecks
  readonly counters: JointCounters
  /** what its sums were made of in this session: a person who restarts the agent says that what is there now is all */
  readonly fitted = new FittedPlaces()

  readonly #controls = new Map<string, SeenControls>()

  /** @param known as `known` of an earlier session was; that of an earlier version is of the totals alone. Anything else is taken for nothing */
  constructor(known?: unknown) {
    const isBoth = isObject(known) && ('totals' in known || 'counters' in known)
    const { totals, counters } = isBoth ? known : { totals: known, counters: undefined }
    this.totals = new TotalChecks(totals)
    this.counters = new JointCounters(counters)
  }

  /** What was seen of the controls of a chassis in this session. */
  controlsOf(chassis: string): SeenControls {
    const seen = this.#controls.get(chassis) ?? {}
    this.#controls.set(chassis, seen)
    return seen
  }

  /** What the next session should know, JSON; undefined: nothing. */
  get known(): Record<string, unknown> | undefined {
    const known = defined({ totals: this.totals.known, counters: this.counters.known })
    return Object.keys(known).length > 0 ? known : undefined
  }
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null
