import type { AsicFacts } from './facts.ts'
import type { PoolFacts } from './pools.ts'

/** A counter of accepted work that stands still while so many shares are accepted is none. */
const SHARES_UNCOUNTED = 5
/** Polls without a pool list from the start before a note says so: one may be missed. */
const POLLS_TO_NOTE = 3
/** How long the pools of a machine that counts may be unseen before a note says so. */
const UNSEEN_TO_NOTE_MS = 600_000

interface Mark {
  accepted: number
  workDiff1: number
}

/**
 * Makes the work of a machine which hashes counted, estimated, or missed with a note, so that no machine earns nothing without a reason
 * on the screens. It belongs to one session.
 */
export class PaidWork {
  readonly #now: () => number
  /** the shares and the counter of work when that counter last grew */
  #mark: Mark | undefined
  /** ms of the clock at the last reading with a counter */
  #countedAtMs: number | undefined
  #pollsUnseen = 0

  /** @param now ms of a monotonic clock */
  constructor(now: () => number = () => performance.now()) {
    this.#now = now
  }

  /** The facts with the pools as they count, and whether the work must be estimated. */
  of(facts: AsicFacts): Pick<AsicFacts, 'pools' | 'uncountedWork' | 'notes'> {
    const { notes = [] } = facts
    const pools = facts.pools && this.#withoutStandingCounter(facts.pools)
    const told = { ...(pools && { pools }), notes }
    if (pools?.byOwner?.length) this.#countedAtMs = this.#now()
    if (pools && (pools.byOwner?.length || pools.uncounted)) this.#pollsUnseen = 0
    if (!facts.hashrateHs || pools?.byOwner?.length) return told
    if (pools?.uncounted) return { ...told, uncountedWork: true }
    if (this.#countedAtMs === undefined)
      return {
        ...told,
        uncountedWork: true,
        notes: ++this.#pollsUnseen < POLLS_TO_NOTE ? notes : [...notes, UNSEEN],
      }
    // the counter catches up when it is seen again
    return this.#now() - this.#countedAtMs < UNSEEN_TO_NOTE_MS ? told : { ...told, notes: [...notes, LOST] }
  }

  /** Whether it is a counter shows only while shares come: some firmware repeats its first figure for ever. */
  #withoutStandingCounter(pools: PoolFacts): PoolFacts {
    const { byOwner, shares, ...others } = pools
    if (!byOwner?.length || !shares) return pools
    const now = {
      accepted: shares.accepted,
      workDiff1: byOwner.reduce((sum, { workDiff1 = 0 }) => sum + workDiff1, 0),
    }
    const mark = this.#mark
    if (!mark || now.workDiff1 !== mark.workDiff1 || now.accepted < mark.accepted) this.#mark = now
    const stands = now.accepted - (this.#mark?.accepted ?? now.accepted) >= SHARES_UNCOUNTED
    return stands ? { ...others, shares, uncounted: {} } : pools
  }
}

const UNSEEN =
  'its pools can’t be read, so its work is estimated, and who gets it is unknown; check that its API lists them'
const LOST =
  'its pools have not been told for 10 min: its work is booked when they are; check that its API lists them'
