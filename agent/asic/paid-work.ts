import { type Holder, isUnknownPool, type Owner, ownerKey, UNKNOWN_POOL } from '../../protocol/owner.ts'
import { AcceptedRatio } from './accepted-ratio.ts'
import type { AsicFacts } from './facts.ts'
import { only, type PoolFacts } from './pools.ts'

/** From so many shares on, half of them rejected is no chance. */
const SHARES_TO_TELL = 20
/** @param shares of one machine since it started */
export const areFew = ({ accepted, rejected = 0 }: NonNullable<PoolFacts['shares']>): boolean =>
  accepted + rejected < SHARES_TO_TELL
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
  /** the holders of its work when the pools were last told */
  #holders: readonly Holder[] | undefined
  /** the accepted part of the shares when it was last told */
  #acceptedRatio: number | undefined
  /** so few shares say little of it */
  #isOfFew = false
  readonly #accepted = new AcceptedRatio()
  /** each owner's counter at the last reading that had any */
  #counters = new Map<string, number>()

  /** @param now ms of a monotonic clock */
  constructor(now: () => number = () => performance.now()) {
    this.#now = now
  }

  /** The accepted part of the shares, 0 to 1, for the next session, and whether it is of few; undefined: it was never told. JSON. */
  get known(): number | { ratio: number; ofFew: true } | undefined {
    const ratio = this.#acceptedRatio
    return ratio !== undefined && this.#isOfFew ? { ratio, ofFew: true } : ratio
  }

  /** @param known as `known` was; anything else is taken for nothing */
  recall(known: unknown): void {
    const { ratio, ofFew } = (typeof known === 'object' ? (known ?? {}) : { ratio: known }) as Partial<
      Record<'ratio' | 'ofFew', unknown>
    >
    if (typeof ratio !== 'number' || !(ratio >= 0 && ratio <= 1)) return
    this.#acceptedRatio = ratio
    this.#isOfFew = ofFew === true
  }

  /** The facts with the pools as they count, who has the work, and whether it must be estimated. */
  of(
    facts: AsicFacts,
  ): Pick<AsicFacts, 'pools' | 'worksFor' | 'acceptedRatio' | 'paidOfFew' | 'uncountedWork' | 'notes'> {
    const { notes = [] } = facts
    const pools = facts.pools && this.#accepted.fillIn(this.#withoutStandingCounter(facts.pools))
    if (pools?.byOwner?.length) this.#countedAtMs = this.#now()
    const worksFor = facts.hashrateHs ? this.#untold(pools) : undefined
    this.#acceptedRatio = pools?.uncounted?.acceptedRatio ?? this.#acceptedRatio
    if (pools?.shares) this.#isOfFew = areFew(pools.shares)
    const told = {
      ...(pools && { pools }),
      ...(worksFor && { worksFor }),
      // an answer that is missing makes no rejected share a paid one
      ...(this.#acceptedRatio !== undefined && {
        acceptedRatio: this.#acceptedRatio,
        ...(this.#isOfFew && { paidOfFew: true }),
      }),
      notes,
    }
    if (pools && (pools.byOwner?.length || pools.uncounted)) this.#pollsUnseen = 0
    if (!facts.hashrateHs || pools?.byOwner?.length) return told
    if (pools?.uncounted)
      return {
        ...told,
        uncountedWork: true,
        notes: worksFor?.some(({ owner }) => isUnknownPool(owner)) ? [...notes, UNTOLD] : notes,
      }
    if (this.#countedAtMs === undefined)
      return {
        ...told,
        uncountedWork: true,
        notes: ++this.#pollsUnseen < POLLS_TO_NOTE ? notes : [...notes, UNSEEN],
      }
    // the interval meter waits for the counter so long, and estimates then
    return this.#now() - this.#countedAtMs < UNSEEN_TO_NOTE_MS ? told : { ...told, notes: [...notes, LOST] }
  }

  /**
   * Who has the work, where this reading does not tell it: whoever had it before, or whose counter grows.
   * @returns undefined where the pools tell it, and where none of them lives
   */
  #untold(pools: PoolFacts | undefined): readonly Holder[] | undefined {
    const { active, parted = active && [{ owner: active, share: 1 }] } = pools ?? {}
    if (parted) this.#holders = parted
    const grown = this.#grown(pools?.byOwner ?? [])
    if (parted || (pools && pools.configured > 0 && pools.alive === 0)) return undefined
    if (grown) this.#holders = [{ owner: grown, share: 1 }]
    // a machine that counts for several books its work by their counters
    if (!this.#holders && this.#countedAtMs !== undefined) return undefined
    return this.#holders ?? [{ owner: UNKNOWN_POOL, share: 1 }]
  }

  /** The only owner whose counter has grown since the last reading with counters. */
  #grown(byOwner: NonNullable<PoolFacts['byOwner']>): Owner | undefined {
    if (byOwner.length === 0) return undefined
    const before = this.#counters
    this.#counters = new Map(byOwner.map(({ owner, workDiff1 = 0 }) => [ownerKey(owner), workDiff1]))
    return only(
      byOwner.filter(
        ({ owner, workDiff1 = 0 }) =>
          owner['poolRole'] !== 'devfee' && workDiff1 > (before.get(ownerKey(owner)) ?? workDiff1),
      ),
    )?.owner
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
  'its pools can’t be read, so its work is estimated, for the last pool that it told or for an unknown one; check that its API lists them'
const UNTOLD =
  'it lists several living pools and does not tell which it works for, so who gets its work is unknown; leave it one pool, or give them priorities'
const LOST =
  'its pools have not been told for 10 min: its work is estimated until they are; check that its API lists them'
